/**
 * Rendezvous hashing: every master computes the same owner for a partition from the same list of
 * live masters, and a master that comes or goes moves only its own share.
 */

/** Who should own `partition` among `masters`; undefined when there are none. */
export function preferredOwner(partition: number, masters: Iterable<string>): string | undefined {
  let best: { master: string; weight: number } | undefined;
  for (const master of masters) {
    const weight = weightOf(`${partition}:${master}`);
    const wins = best === undefined || weight > best.weight ||
      (weight === best.weight && master < best.master);
    if (wins) best = { master, weight };
  }
  return best?.master;
}

/** FNV-1a, then the finalizer of MurmurHash3: neighbouring names must not get neighbouring weights. */
function weightOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
