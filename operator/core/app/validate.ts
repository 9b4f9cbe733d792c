import type { ApplicationSource, ApplicationSpec, Condition } from './types.ts';

const REF_NAME = /^[a-zA-Z0-9_-]+$/;

/** What is wrong with the sources of a spec, as conditions; nothing else is looked at when there is any. */
export function validateStructure(
  spec: ApplicationSpec,
): readonly Pick<Condition, 'type' | 'message'>[] {
  const messages =
    spec.sourceHydrator === undefined ? validateSources(spec) : validateHydrator(spec);
  return messages.map((message) => ({ type: 'InvalidSpecError', message }));
}

function validateSources({ sources, source }: ApplicationSpec): readonly string[] {
  if (sources === undefined || sources.length === 0)
    return source === undefined || !isComplete(source)
      ? ['spec.source.repoURL and either spec.source.path or spec.source.chart are required']
      : validateChart(source);
  const refs = sources.flatMap(({ ref }) => (ref === undefined || ref === '' ? [] : [ref]));
  const badRefs = refs
    .filter((ref) => !REF_NAME.test(ref))
    .map((ref) => `sources.ref ${ref} cannot contain any special characters except '_' and '-'`);
  const duplicate =
    new Set(refs).size === refs.length
      ? []
      : ['invalid sources: multiple sources had the same `ref` key'];
  const incomplete = sources
    .filter((item) => !isComplete(item) && (item.ref ?? '') === '')
    .map(
      (item) =>
        `spec.source.repoURL and either source.path, source.chart, or source.ref are required for source ${describe(item)}`,
    );
  return [...incomplete, ...badRefs, ...duplicate, ...sources.flatMap(validateChart)];
}

function isComplete({ repoURL, path, chart }: ApplicationSource): boolean {
  return repoURL !== '' && ((path ?? '') !== '' || (chart ?? '') !== '');
}

function validateChart({ chart, targetRevision }: ApplicationSource): readonly string[] {
  return (chart ?? '') !== '' && (targetRevision ?? '') === ''
    ? ['spec.source.targetRevision is required if the manifest source is a helm chart']
    : [];
}

function validateHydrator({ sourceHydrator }: ApplicationSpec): readonly string[] {
  const problems: string[] = [];
  if (sourceHydrator?.drySource.repoURL === '')
    problems.push('spec.sourceHydrator.drySource.repoURL is required');
  if (sourceHydrator?.syncSource.targetBranch === '')
    problems.push('spec.sourceHydrator.syncSource.targetBranch is required');
  if (sourceHydrator?.hydrateTo?.targetBranch === '')
    problems.push(
      'when spec.sourceHydrator.hydrateTo is set, spec.sourceHydrator.hydrateTo.targetBranch is required',
    );
  return problems;
}

const describe = (source: ApplicationSource): string => source.name ?? source.repoURL;
