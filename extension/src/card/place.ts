// Where a card goes: under the selection, above it if there is no room, beside the corner if the place is unknown. Pure.

import type { CardOrder } from "../shared/messages";

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  left: number;
  top: number;
}

/** Between the card and the selection, and between the card and the edge of the view. */
const GAP_PX = 8;

export function placeNear(near: CardOrder["rect"], card: Size, view: Size): Point {
  if (!near) return withinView({ left: view.width - card.width - 2 * GAP_PX, top: 2 * GAP_PX }, card, view);
  const below = near.bottom + GAP_PX;
  const above = near.top - GAP_PX - card.height;
  const fitsBelow = below + card.height + GAP_PX <= view.height;
  return withinView({ left: near.left, top: fitsBelow || above < GAP_PX ? below : above }, card, view);
}

/** The nearest place with the whole card in view; its beginning, if it is larger than the view. */
export function withinView(at: Point, card: Size, view: Size): Point {
  const clamp = (value: number, room: number) => Math.max(GAP_PX, Math.min(value, room - GAP_PX));
  return { left: clamp(at.left, view.width - card.width), top: clamp(at.top, view.height - card.height) };
}
