/** Days since 1970-01-01 and dates of the Gregorian calendar, without a clock and without a time zone. */

/** A date; month and day from 1. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days of 400 years, after which the calendar repeats itself. */
const ERA = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const SHIFT = 719_468;

/** The date of a day. Years begin in March inside, so that the leap day is the last one. */
export function dateOf(days: number): Day {
  const shifted = days + SHIFT;
  const era = Math.floor(shifted / ERA);
  const inEra = shifted - era * ERA;
  const leaps = Math.floor(inEra / 1_460) - Math.floor(inEra / 36_524) + Math.floor(inEra / (ERA - 1));
  const yearInEra = Math.floor((inEra - leaps) / 365);
  const inYear = inEra - daysBefore(yearInEra);
  const shiftedMonth = Math.floor((5 * inYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearInEra + 400 * era + (month <= 2 ? 1 : 0), month, day: inYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

/** The day of a date, null when there is no such date in the years 1 to 9999. */
export function dayOf({ year, month, day }: Day): number | null {
  const moved = month <= 2 ? year - 1 : year;
  const era = Math.floor(moved / 400);
  const shiftedMonth = month > 2 ? month - 3 : month + 9;
  const inYear = Math.floor((153 * shiftedMonth + 2) / 5) + day - 1;
  const days = era * ERA + daysBefore(moved - 400 * era) + inYear - SHIFT;
  const back = dateOf(days);
  const exists = year >= 1 && year <= 9999 && back.year === year && back.month === month && back.day === day;
  return exists ? days : null;
}

/** Days of an era before one of its years. */
function daysBefore(year: number): number {
  return 365 * year + Math.floor(year / 4) - Math.floor(year / 100);
}
