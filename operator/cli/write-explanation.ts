import type {
  ExplainedHydration,
  ExplainedResource,
  Explanation,
  LastOperation,
} from '../explain-application.ts';
import type { CommandIo } from './command.ts';

const LABEL_WIDTH = 13;
const MAX_VALUE = 80;

/** An explanation as a person reads it, from the whole to the parts to what to do. */
export function writeExplanation(io: CommandIo, explanation: Explanation): void {
  io.stdout.write(`${linesOf(explanation).join('\n')}\n`);
}

function linesOf(explanation: Explanation): readonly string[] {
  const { health, resources, conditions, decision, fine, hydration } = explanation;
  const because = health.message === undefined ? '' : `: ${health.message}`;
  const total = fine + resources.length;
  return [
    labelled('Application', `${explanation.application} (project ${explanation.project})`),
    ...explanation.sources.map((source) =>
      labelled(
        'Source',
        `${source.repoURL} ${source.path} at ${source.targetRevision}${source.revision === '' ? '' : ` = ${source.revision.slice(0, 12)}`}`,
      ),
    ),
    ...(hydration === undefined ? [] : hydrationLines(hydration)),
    labelled('Destination', explanation.destination),
    labelled('Sync', explanation.sync),
    labelled('Health', `${health.status}${because}`),
    labelled('Last sync', lastSync(explanation.lastOperation)),
    ...section(
      'Conditions',
      conditions.map(({ type, message }) => `  ${type}: ${message}`),
    ),
    ...section(
      `Objects that need a look (${resources.length} of ${total})`,
      resources.flatMap(resourceLines),
    ),
    '',
    labelled('Decision', `${decision.type}: ${decision.reason}`),
    labelled('Next step', explanation.nextStep),
  ];
}

const labelled = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)}${text}`;

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

function hydrationLines(hydration: ExplainedHydration): readonly string[] {
  const { drySource, branch, phase, message, startedAt, finishedAt } = hydration;
  const { repoURL, path, targetRevision } = drySource;
  const when = finishedAt === '' ? `since ${startedAt}` : finishedAt;
  const from = hydration.dryRevision === '' ? '' : ` of ${short(hydration.dryRevision)}`;
  const made = hydration.hydratedRevision === '' ? '' : ` = ${short(hydration.hydratedRevision)}`;
  const why = message === '' ? '' : `: ${message}`;
  const compared = hydration.comparedRevision;
  const unchanged =
    phase === 'Hydrated' && compared !== '' && compared !== hydration.dryRevision
      ? `; ${short(compared)} changed nothing`
      : '';
  const how = phase === '' ? 'never' : `${phase} ${when}${from}${unchanged}${why}`;
  return [
    labelled('Dry source', `${repoURL} ${path} at ${targetRevision}`),
    labelled('Hydration', `to ${branch}${made}, ${how}`),
  ];
}

const short = (revision: string): string => revision.slice(0, 12);

function lastSync(operation: LastOperation | undefined): string {
  if (operation === undefined) return 'never';
  const { phase, message, revision, startedAt, finishedAt, by } = operation;
  const when = finishedAt === '' ? `since ${startedAt}` : finishedAt;
  const to = revision === '' ? '' : ` to ${revision.slice(0, 12)}`;
  return `${phase} ${when}${to}, by ${by}${message === '' ? '' : `: ${message}`}`;
}

function resourceLines(resource: ExplainedResource): readonly string[] {
  const group = resource.group === '' ? '' : ` (${resource.group})`;
  const rule = resource.healthRule === '' ? '' : ` [${resource.healthRule}]`;
  const isWell = resource.health === '' || resource.health === 'Healthy';
  const message = resource.healthMessage === '' ? '' : `: ${resource.healthMessage}`;
  return [
    `  ${resource.resource}${group}  ${resource.sync}`,
    ...(resource.reason === '' ? [] : [`    ${resource.reason}`]),
    ...resource.changes.map(
      ({ path, live, desired }) => `    ${path}: ${show(live)} -> ${show(desired)}`,
    ),
    ...(isWell ? [] : [`    ${resource.health}${message}${rule}`]),
  ];
}

function show(value: unknown): string {
  const text = value === undefined ? '(none)' : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 3)}...` : text;
}
