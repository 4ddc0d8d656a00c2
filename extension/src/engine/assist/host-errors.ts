// What the browser says when a native host cannot be used, in the terms of the protocol. Chromium gives a sentence and no
// code. Source: Chromium, extensions/browser/api/messaging/native_message_host.cc.

import { wireError } from "../../shared/errors";
import { PROTOCOL_VERSION, type WireError } from "../../shared/protocol";

/** The error of a port that closed with this `lastError`; `undefined` is a port that closed without one. */
export function portError(message: string | undefined): WireError {
  const text = message ?? "";
  if (/host not found/i.test(text)) return wireError("hostMissing", "The Sotto host is not installed.");
  if (/forbidden/i.test(text)) {
    return wireError("originRefused", "The Sotto host is installed for another extension. Run: sotto-host install");
  }
  if (/failed to start/i.test(text)) {
    return wireError("hostMissing", "The Sotto host could not be started. Run: sotto-host doctor");
  }
  if (/error when communicating/i.test(text)) {
    return wireError("peerGone", "The Sotto host sent something unreadable and was disconnected.", true);
  }
  return wireError("peerGone", "The Sotto host stopped unexpectedly.", true);
}

/** Which side has to be updated, for a host that speaks another version. */
export function versionError(protocol: number, host: string): WireError {
  const message =
    protocol < PROTOCOL_VERSION
      ? `The Sotto host (${host}) is older than this extension. Update the host.`
      : `The Sotto host (${host}) is newer than this extension. Update Sotto in the browser.`;
  return wireError("versionMismatch", message);
}
