import { describe, expect, it } from 'vitest';
import { COLORMAP_ENTRIES, colormap, colorScale, oklabLightness, scalePosition, type Rgb } from './colormap';

/** Red, green and blue as a dichromat sees them, in linear light (Vienot, Brettel and Mollon 1999). */
const DICHROMATS: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  protan: [
    [0.10889, 0.89111, 0],
    [0.10889, 0.89111, 0],
    [0.00447, -0.00447, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

function seenBy(matrix: readonly (readonly [number, number, number])[], colour: Rgb): Rgb {
  const linear = colour.map((value) => (value / 255) ** 2.2);
  const seen = matrix.map((row) => 255 * Math.max(0, row.reduce((sum, weight, index) => sum + weight * linear[index]!, 0)) ** (1 / 2.2));
  return [seen[0]!, seen[1]!, seen[2]!];
}

describe('colour maps', () => {
  it('the sequential map grows in lightness, evenly', () => {
    const lightness = colormap('absolute').map(oklabLightness);
    const steps = lightness.slice(1).map((value, index) => value - lightness[index]!);
    const mean = (lightness.at(-1)! - lightness[0]!) / (COLORMAP_ENTRIES - 1);
    expect(lightness[0]).toBeLessThan(0.15);
    expect(lightness.at(-1)).toBeGreaterThan(0.93);
    // Over eight entries, so that rounding to bytes does not hide the slope.
    for (let index = 8; index < lightness.length; index++) {
      expect(lightness[index]! - lightness[index - 8]!).toBeGreaterThan(4 * mean);
      expect(lightness[index]! - lightness[index - 8]!).toBeLessThan(12 * mean);
    }
    expect(Math.min(...steps)).toBeGreaterThan(-0.005);
  });

  it('the diverging map is darkest at zero and equally light on both sides', () => {
    const lightness = colormap('signed').map(oklabLightness);
    const middle = (COLORMAP_ENTRIES - 1) / 2;
    const zero = colormap('signed')[middle]!;
    expect(Math.max(...zero) - Math.min(...zero)).toBeLessThanOrEqual(1);
    for (let distance = 8; distance <= middle; distance++) {
      expect(lightness[middle + distance]!).toBeGreaterThan(lightness[middle + distance - 8]!);
      expect(lightness[middle - distance]!).toBeGreaterThan(lightness[middle - distance + 8]!);
      expect(Math.abs(lightness[middle + distance]! - lightness[middle - distance]!)).toBeLessThan(0.02);
    }
  });

  it.each(Object.keys(DICHROMATS))('stays monotone and two-sided for %s vision', (kind) => {
    const matrix = DICHROMATS[kind]!;
    const sequential = colormap('absolute').map((colour) => oklabLightness(seenBy(matrix, colour)));
    for (let index = 16; index < sequential.length; index++) expect(sequential[index]!).toBeGreaterThan(sequential[index - 16]!);
    const signed = colormap('signed').map((colour) => seenBy(matrix, colour));
    const quarter = (COLORMAP_ENTRIES - 1) / 4;
    const [blue, orange] = [signed[quarter]!, signed[3 * quarter]!];
    expect(blue[2] - blue[0]).toBeGreaterThan(60);
    expect(orange[0] - orange[2]).toBeGreaterThan(60);
  });
});

describe('colour scale', () => {
  it('ends at the maximum, squared for squared errors', () => {
    expect(colorScale('absolute', 32).ticks.map((tick) => tick.value)).toEqual([0, 8, 16, 24, 32]);
    expect(colorScale('squared', 10).ticks.at(-1)!.value).toBe(100);
    expect(colorScale('signed', 8).ticks.map((tick) => tick.label)).toEqual(['≤ −8', '−4', '0', '+4', '≥ +8']);
  });

  it('shows the table that colours the picture', () => {
    const { stops } = colorScale('signed', 8);
    const table = colormap('signed');
    expect(stops[0]!.color).toBe(`rgb(${table[0]!.join(' ')})`);
    expect(stops.at(-1)!.color).toBe(`rgb(${table.at(-1)!.join(' ')})`);
    expect(stops.find((stop) => stop.offset === 0.5)).toBeDefined();
  });

  it('places errors where the ticks say', () => {
    for (const metric of ['absolute', 'squared', 'signed'] as const) {
      for (const tick of colorScale(metric, 16).ticks) expect(scalePosition(metric, tick.value, 16)).toBeCloseTo(tick.offset, 12);
    }
    expect(scalePosition('absolute', 1e9, 16)).toBe(1);
    expect(scalePosition('signed', -1e9, 16)).toBe(0);
  });
});
