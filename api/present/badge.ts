import type { BadgeState } from '../../operator/services/index.ts';

export interface BadgeOptions {
  /** A line with the name over it; empty: none. */
  readonly name: string;
  /** The part with the revision, cut to seven letters unless all of it is wanted. */
  readonly revision: 'none' | 'short' | 'full';
  /** Pixels; absent: as wide as it must be. */
  readonly width?: number;
}

const COLOURS: Readonly<Record<string, string>> = {
  Healthy: '#1a7f4e',
  Synced: '#1a7f4e',
  Progressing: '#0b72b5',
  Suspended: '#6a5a8c',
  Degraded: '#c23a3a',
  OutOfSync: '#b8620b',
  Missing: '#8a6d00',
};
const GREY = '#6b7785';
const DARK = '#2b3945';

const HEIGHT = 20;
const LETTER = 6.6;
const PADDING = 12;
const SHORT = 7;

/** A badge as SVG: boxes side by side, without script and without anything from elsewhere. */
export function drawBadge(
  { health, sync, revision }: BadgeState,
  { name, revision: shown, width }: BadgeOptions,
): string {
  const commit = shown === 'short' ? revision.slice(0, SHORT) : revision;
  const boxes = [
    { text: health, colour: COLOURS[health] ?? GREY },
    ...(sync === '' ? [] : [{ text: sync, colour: COLOURS[sync] ?? GREY }]),
    ...(shown === 'none' || revision === '' ? [] : [{ text: commit, colour: DARK }]),
  ];
  let x = 0;
  const parts = boxes.map(({ text, colour }) => {
    const wide = Math.ceil(text.length * LETTER) + PADDING;
    const part =
      `<rect x="${x}" width="${wide}" height="${HEIGHT}" fill="${colour}"/>` +
      `<text x="${x + wide / 2}" y="14" text-anchor="middle">${escape(text)}</text>`;
    x += wide;
    return part;
  });
  const top = name === '' ? 0 : HEIGHT;
  const whole = Math.max(x, name === '' ? 0 : Math.ceil(name.length * LETTER) + PADDING);
  const title = boxes.map(({ text }) => text).join(', ');
  const label =
    name === ''
      ? ''
      : `<rect width="${whole}" height="${HEIGHT}" fill="${DARK}"/><text x="${PADDING / 2}" y="14">${escape(name)}</text>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width ?? whole}" height="${HEIGHT + top}" ` +
    `viewBox="0 0 ${whole} ${HEIGHT + top}" role="img">` +
    `<title>${escape(title)}</title>` +
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${label}` +
    `<g transform="translate(0 ${top})">${parts.join('')}</g></g></svg>\n`
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
