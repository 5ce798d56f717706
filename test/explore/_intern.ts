import { canonical } from '../../src/domain/hash.ts';

/** Gives equal values the same small number, so that states are compared by numbers. */
export function openTable<T>() {
  const numbers = new Map<string, number>();
  const values: T[] = [];
  return {
    numberOf(value: T): number {
      const text = canonical(value);
      const known = numbers.get(text);
      if (known !== undefined) return known;
      values.push(value);
      numbers.set(text, values.length - 1);
      return values.length - 1;
    },
    valueOf(number: number): T {
      return values[number] as T;
    },
    get size() {
      return values.length;
    },
  };
}
export type Table<T> = ReturnType<typeof openTable<T>>;
