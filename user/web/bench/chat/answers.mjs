// Answers as models write them: sections of paragraphs, with a list, code and a table where the matter asks for one.

const PARAGRAPHS = [
  "Start from what the reader already has in front of them. A jar that is **clean at the rim** and was boiled with its lid "
  + "keeps for a year on a shelf that stays below eighteen degrees; one that was only rinsed keeps for a season, and tells "
  + "you so by the sound that it makes when it is opened.",
  "The order matters more than the exact times. Weigh the fruit *before* it is cut, because what drips away afterwards is "
  + "mostly water and would make the sum look smaller than it is. Then warm it slowly: a pot that is hurried sticks at the "
  + "bottom long before the middle is warm, and the taste of that cannot be stirred out again.",
  "There is one exception. Where the skins are thick, as with quinces, let everything stand for a night first. The acid that "
  + "comes out of the skins does what a packet of pectin does, and `0.8` times the usual sugar is then enough.",
  "If you want to be sure, put a spoon of it on a cold plate and tilt the plate after a minute. It should move, but not run. "
  + "Whatever runs needs five more minutes; whatever does not move at all was boiled too long, and a little water helps.",
];
const LIST = `1. Wash the jars, and leave them upside down on a clean cloth.
2. Warm the fruit with a third of the sugar until it gives off its juice.
3. Add the rest, and let it boil for as long as the table below says.
4. Fill to a finger below the rim, close at once, and turn each jar over once.
`;
const POINTS = `- **Too thin**: boil a part of it again, and mix.
- **Too sweet**: a spoon of lemon juice for each jar, stirred in while it is warm.
- **Cloudy**: nothing is wrong with it; a cloth would have held the haze back.
`;
const CODE = `\`\`\`python
def sugar(fruit: float, water: float, *, thick_skin: bool) -> float:
    """Grams of sugar for so many grams of fruit."""
    share = 0.8 if thick_skin else 1.0
    dry = fruit * (1 - water)
    return round(share * (fruit - dry / 2), 1)


for weight in (500, 1000, 1500):
    print(weight, sugar(weight, 0.84, thick_skin=False))
\`\`\`
`;
const TABLE = `| Fruit | Minutes | Sugar per kg |
|---|---:|---:|
| Apple | 12 | 700 g |
| Quince | 25 | 800 g |
| Sloe | 20 | 900 g |
`;

/** One of the parts between two headings: what it has beside its paragraphs turns from one to the next. */
function section(number) {
  const [first, second, third] = [0, 1, 2].map((at) => PARAGRAPHS[(number + at) % PARAGRAPHS.length]);
  const beside = [LIST, CODE, POINTS, TABLE][number % 4];
  return `## Part ${String(number + 1)}\n\n${first}\n\n${second}\n\n${beside}\n${third}\n\n`;
}

/** An answer of so many letters. */
export function answerOf(letters) {
  let text = "";
  for (let number = 0; text.length < letters; number += 1) text += section(number);
  return text.slice(0, letters);
}
