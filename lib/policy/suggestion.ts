const LONGEST_WORD = 64;

/**
 * The candidate that a word was probably meant to be: the nearest by edit distance (a swap of two letters counts as one edit), if
 * it is near enough to be worth saying.
 *
 * @example nearest('idel', ['idle', 'absolute']) // 'idle'
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.slice(0, LONGEST_WORD).toLowerCase();
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = likeness(lower, candidate.slice(0, LONGEST_WORD).toLowerCase());
    if (edits < lower.length && edits <= Math.max(1, Math.floor(lower.length / 3)) && edits < (best?.edits ?? Number.POSITIVE_INFINITY))
      best = { candidate, edits };
  }
  return best?.candidate;
}

/** Edits between two words; one edit if one merely goes on where the other ends, like `idle` and `idleTimeout`. */
function likeness(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 4 && long.startsWith(short) ? Math.min(1, long.length - short.length) : editDistance(a, b);
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const edits = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, change);
      row.push(swapped ? Math.min(edits, (before[j - 2] as number) + 1) : edits);
    }
    [before, last] = [last, row];
  }
  return last[b.length] as number;
}
