/**
 * Who owns which partition: a pure decision from what one master sees in the lease bucket.
 *
 * A lease is liveness only: it keeps two masters from working against each other, and nothing more.
 * That a partition has one writer is the journal's fence. A lease is stale when its revision has not
 * changed for the lease time on *my* monotonic clock, so nobody's wall clock matters.
 */
import { preferredOwner } from "./rendezvous.ts";

/** What I saw of one key of the bucket. */
export interface Seen {
  /** Instance that wrote it. */
  readonly owner: string;
  readonly revision: number;
  /** My monotonic clock when the revision last changed. */
  readonly changed_ms: number;
  /**
   * It stood there before I looked and has not changed since: perhaps its writer died long ago. No sign
   * of life yet.
   */
  readonly unproven?: boolean;
}

export interface OwnershipView {
  /** This instance: the master's name and something that no other start of it shares. */
  readonly me: string;
  /** My monotonic clock. */
  readonly now_ms: number;
  readonly lease_ms: number;
  /** Other masters by instance. */
  readonly members: ReadonlyMap<string, Seen>;
  readonly leases: ReadonlyMap<number, Seen>;
  /** The partitions that the masters share. */
  readonly partitions: readonly number[];
  /** Partitions that I hold, those being opened included. */
  readonly held: ReadonlySet<number>;
  /** Most claims and most releases that may begin now. */
  readonly moves_max: number;
  /** Most releases that may begin now, where that is fewer. */
  readonly releases_max?: number;
}

export interface OwnershipPlan {
  /** `revision` of the stale or released lease to replace; 0 when there is none. */
  readonly claim: readonly { readonly partition: number; readonly revision: number }[];
  readonly release: readonly number[];
  /** Held, but the lease shows another instance: stop without a word. */
  readonly drop: readonly number[];
}

/** What to do now. Renewing what is held goes without saying. */
export function planOwnership(view: OwnershipView): OwnershipPlan {
  const live = mastersHeard(view, view.lease_ms);
  const fresh = new Set(mastersHeard(view, view.lease_ms / 2));
  const releases_max = Math.min(view.moves_max, view.releases_max ?? view.moves_max);
  const claim: { partition: number; revision: number }[] = [];
  const release: number[] = [];
  const drop: number[] = [];
  for (const partition of view.partitions) {
    const lease = view.leases.get(partition);
    const wanted = ownerNow(partition, live, fresh) === view.me;
    if (view.held.has(partition)) {
      if (lease !== undefined && lease.owner !== view.me) drop.push(partition);
      else if (!wanted && release.length < releases_max) release.push(partition);
    } else if (wanted && claim.length < view.moves_max && isFree(view, lease)) {
      claim.push({ partition, revision: lease?.revision ?? 0 });
    }
  }
  return { claim, release, drop };
}

/**
 * The one who should have it; while nothing is heard of that one, the best of those who are heard.
 * Who dies may be the next to have what another dead one had: that waits no second lease.
 */
function ownerNow(
  partition: number,
  live: readonly string[],
  fresh: ReadonlySet<string>,
): string | undefined {
  const wanted = preferredOwner(partition, live);
  return wanted === undefined || fresh.has(wanted) ? wanted : preferredOwner(partition, fresh);
}

/** The masters that gave a sign of life within `silence_ms`, and I. */
function mastersHeard(view: OwnershipView, silence_ms: number): string[] {
  const heard = [view.me];
  for (const [instance, { changed_ms, unproven }] of view.members) {
    if (instance === view.me || unproven === true) continue;
    if (view.now_ms - changed_ms < silence_ms) heard.push(instance);
  }
  return heard;
}

function isFree(view: OwnershipView, lease: Seen | undefined): boolean {
  return lease === undefined || view.now_ms - lease.changed_ms >= view.lease_ms;
}
