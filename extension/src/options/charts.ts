// Bar charts of the figures on this device, drawn by uPlot on a canvas. A table says the same beside each.

import uPlot from "uplot";

export interface BarGroup {
  label: string;
  /** One for each series. */
  values: readonly number[];
}

export interface ChartOptions {
  /** Names of the series. */
  series: readonly string[];
  /** Values differ by more than one power of ten. */
  isLogarithmic: boolean;
  unit: string;
}

const HEIGHT_PX = 240;
const GROUP_PX = 110;
const LABEL_ANGLE = -30;

/** Colours of up to three series, from the page's own palette. */
const COLOURS = ["--good", "--accent", "--bad"];

/** Draws into an element, in the place of what was there. */
export function drawBars(place: HTMLElement, groups: readonly BarGroup[], options: ChartOptions): void {
  place.replaceChildren();
  if (groups.length === 0) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => resolved(style.getPropertyValue(name));
  // Each bar has a place of its own, and each series values at its own places only.
  const perGroup = options.series.length + 1;
  const xs = groups.flatMap((_, group) => options.series.map((__, index) => group * perGroup + index));
  const columns = options.series.map((_, series) =>
    groups.flatMap(({ values }) => options.series.map((__, index) => (index === series ? (values[index] ?? 0) : null))),
  );
  const builder = uPlot.paths.bars?.({ size: [0.8, 60] });
  const bars = builder ? { paths: builder } : {};
  const middle = (options.series.length - 1) / 2;
  const text = colour("--text");
  const line = colour("--line");
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  new uPlot(
    {
      width: Math.max(320, groups.length * GROUP_PX + 90),
      height: HEIGHT_PX,
      cursor: { show: false },
      legend: { show: options.series.length > 1, live: false },
      scales: {
        x: { time: false, range: [-1, groups.length * perGroup - 1] },
        y: {
          distr: options.isLogarithmic ? 3 : 1,
          range: (_, __, max) => [options.isLogarithmic ? 1 : 0, Math.max(1, max) * (options.isLogarithmic ? 2 : 1.1)],
        },
      },
      axes: [
        {
          ...axis,
          splits: groups.map((_, group) => group * perGroup + middle),
          values: groups.map(({ label }) => label),
          grid: { show: false },
          rotate: LABEL_ANGLE,
          size: 80,
        },
        { ...axis, size: 70, label: options.unit },
      ],
      series: [
        {},
        ...options.series.map((label, index) => ({
          label,
          fill: colour(COLOURS[index % COLOURS.length] ?? "--accent"),
          stroke: colour(COLOURS[index % COLOURS.length] ?? "--accent"),
          width: 0,
          points: { show: false },
          ...bars,
        })),
      ],
    },
    [xs, ...columns] as uPlot.AlignedData,
    place,
  );
}

/** `light-dark()` is for style sheets; a canvas wants one colour. */
function resolved(value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
