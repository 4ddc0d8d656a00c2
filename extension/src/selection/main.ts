// Injected into a frame when the user asks for a summary, and at no other time. Offers one function to the service
// worker and does nothing by itself.

import { takeSelection } from "./take-selection";

globalThis.sottoTakeSelection = takeSelection;
