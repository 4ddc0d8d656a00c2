// Personalisation's requests of our pages, each as a promise. Throws `SottoError` with the host's own sentence.

import type { AssistClient } from "./assist-client";
import { SottoError, wireError } from "./errors";
import { send } from "./messages";
import { isLast } from "./pending-requests";
import type { PageTask } from "./personal-checks";
import type { PersonalAnswer, PersonalStatus } from "./protocol";

type Answer<T extends PersonalAnswer["type"]> = Extract<PersonalAnswer, { type: T }>;

export interface Started<T> {
  answer: Promise<T>;
  cancel(): void;
}

export class PersonalLink {
  readonly #client: Pick<AssistClient, "request">;

  constructor(client: Pick<AssistClient, "request">) {
    this.#client = client;
  }

  /** How it stands, after a change if the task is one. */
  async status(task: PageTask): Promise<PersonalStatus> {
    const { status } = await this.start(task, "status").answer;
    // Sites, adapters or the key may be others now: the engine page asks the host itself.
    if (task.type !== "status") await tellEngine();
    return status;
  }

  start<T extends PersonalAnswer["type"]>(
    task: PageTask,
    expected: T,
    progress: (done: number, total: number) => void = () => undefined,
  ): Started<Answer<T>> {
    let cancel = () => {};
    const answer = new Promise<Answer<T>>((resolve, reject) => {
      cancel = this.#client.request({ type: "personal", task }, (event) => {
        if (event.type === "progress") progress(event.done, event.total);
        else if (event.type === "error") reject(new SottoError(event.error));
        else if (event.type === "personal" && event.answer.type === expected) resolve(event.answer as Answer<T>);
        else if (isLast(event)) reject(new SottoError(wireError("internal", "The host answered something else.")));
      });
    });
    return { answer, cancel };
  }
}

/** Nobody there is no error: an engine page that starts later asks anyway. */
export async function tellEngine(): Promise<void> {
  await send("personalChanged", {}).catch(() => undefined);
}
