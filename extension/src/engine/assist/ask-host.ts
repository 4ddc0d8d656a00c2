// A question to the host that has one answer.

import type { TierRequest } from "../../shared/assist-messages";
import { SottoError, wireError } from "../../shared/errors";
import { isLast } from "../../shared/pending-requests";
import type { HostEvent } from "../../shared/protocol";
import type { AssistTier } from "./tier";

/** The event that ends the request. Throws `SottoError`, also for the host's own errors. */
export function askHost(host: AssistTier, request: TierRequest): Promise<Exclude<HostEvent, { type: "error" }>> {
  return new Promise((resolve, reject) => {
    host.run(request, {
      event: (event) => {
        if (event.type === "error") reject(new SottoError(event.error));
        else if (isLast(event)) resolve(event as Exclude<HostEvent, { type: "error" }>);
      },
      unavailable: (error) => reject(new SottoError(error)),
    });
  });
}

/** For an answer that belongs to another question. */
export function misbehaved(): SottoError {
  return new SottoError(wireError("internal", "The host answered something else."));
}
