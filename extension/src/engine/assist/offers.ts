// Offers that were made: a request which the device could not do well, kept so that it can be put to the endpoint if the
// user wants that. An offer belongs to whoever got it (all pages of ours are one, each card is one of its own), so that no
// card can take up what another page was about.

import type { Escalation, RouteTask } from "../../shared/protocol";

export interface Offer {
  task: RouteTask;
  /** Made when it is needed: with the state as it is then. */
  escalation(): Escalation;
}

/** Requests hold up to 280 kB. */
const MAX_OFFERS = 16;

export class Offers {
  readonly #offers = new Map<string, { owner: string; offer: Offer }>();

  /** Keeps an offer; the name that comes back cannot be guessed. */
  add(owner: string, offer: Offer): string {
    const name = crypto.randomUUID();
    this.#offers.set(name, { owner, offer });
    for (const oldest of this.#offers.keys()) {
      if (this.#offers.size <= MAX_OFFERS) break;
      this.#offers.delete(oldest);
    }
    return name;
  }

  /** Kept: a user who said no may look again. */
  find(owner: string, name: string): Offer | undefined {
    const found = this.#offers.get(name);
    return found?.owner === owner ? found.offer : undefined;
  }

  clear(): void {
    this.#offers.clear();
  }
}
