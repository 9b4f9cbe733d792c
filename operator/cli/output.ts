import { dump } from 'js-yaml';
import { TiphysError } from '../core/errors.ts';
import type { CommandIo } from './command.ts';

export type OutputFormat = 'json' | 'yaml' | 'table';

/** Reads `-o`. Errors: `InvalidConfig` for anything but json, yaml and table. */
export function outputFormat(value: string | undefined, fallback: OutputFormat): OutputFormat {
  if (value === undefined) return fallback;
  if (value === 'json' || value === 'yaml' || value === 'table') return value;
  throw new TiphysError('InvalidConfig', `-o ${value}: is not a format; use json, yaml or table`);
}

/** One value as JSON, as one document of YAML, or as `forPeople` writes it. */
export function writeValue(
  io: CommandIo,
  format: OutputFormat,
  value: unknown,
  forPeople: () => void,
): void {
  switch (format) {
    case 'json':
      writeJson(io, value);
      break;
    case 'yaml':
      writeYaml(io, [value]);
      break;
    case 'table':
      forPeople();
  }
}

export function writeJson(io: CommandIo, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Several values become several documents. */
export function writeYaml(io: CommandIo, values: readonly unknown[]): void {
  io.stdout.write(
    values.map((value) => dump(value, { noRefs: true, lineWidth: 100 })).join('---\n'),
  );
}

/** Columns as wide as their widest cell, without trailing blanks. */
export function writeTable(
  io: CommandIo,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const lines = [columns, ...rows];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  for (const line of lines) {
    const cells = line.map((cell, index) => cell.padEnd(widths[index] ?? 0));
    io.stdout.write(`${cells.join('   ').trimEnd()}\n`);
  }
}
