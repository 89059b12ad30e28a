/** A count with its word, as English says it: `1 edit`, `3 edits`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
