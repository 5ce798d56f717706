const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes with three digits in SI units, as Docker prints them: `1.23 GB`, `0 B`. */
export function formatSize(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${sign}${unit === 0 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))} ${UNITS[unit]}`;
}

/** A size as one would type it: it means exactly the same bytes again. */
export function typedSize(bytes: number): string {
  for (let unit = UNITS.length - 1; unit > 0; unit--) {
    // At most three decimals; close to the largest number that can be counted a double does not hold even these.
    const thousandths = bytes / 1000 ** (unit - 1);
    const text = `${thousandths / 1000}${UNITS[unit]}`;
    if (thousandths >= 1000 && Number.isInteger(thousandths) && parseSize(text) === bytes) return text;
  }
  return `${bytes}B`;
}

/** `70%` as 70, with up to two decimals; `null` for anything else, and for more than 100%. */
export function parsePercent(text: string): number | null {
  const percent = /^\d{1,3}(?:\.\d{1,2})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  return percent <= 100 ? percent : null;
}

/** `500MB`, `20GB`, `1.5 TB` in bytes; `null` for anything else, and for more than can be counted byte by byte. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?([kKMGTP]?B)$/.exec(text);
  if (!match) return null;
  const power = UNITS.indexOf((match[2] === 'KB' ? 'kB' : match[2]) as (typeof UNITS)[number]);
  const bytes = Math.round(Number(match[1]) * 1000 ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
