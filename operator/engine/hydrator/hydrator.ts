import type { AppKey } from '../../core/app/app-key.ts';
import { TiphysError, toTiphysError, withHint } from '../../core/errors.ts';
import type { DryCommit } from '../../core/hydrator/commit-details.ts';
import { isRecorded, METADATA } from '../../core/hydrator/layout.ts';
import {
  HYDRATE_ANNOTATION,
  HYDRATION_RETRY_MS,
  type HydrationReason,
  hydrationNeeded,
  isQuiet,
  trustsRecord,
} from '../../core/hydrator/need.ts';
import {
  comparedOnly,
  hydrated,
  hydrating,
  hydrationFailed,
  type HydrationRun,
} from '../../core/hydrator/status.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { withoutCredentials } from '../../core/revision/repository-url.ts';
import type { HydratedBranch, HydratedChange } from '../../ports/index.ts';
import type { ReconcileOutcome } from '../../runtime/controller.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import { again, DONE } from '../pass.ts';
import type { EngineSettings } from '../ports.ts';
import { timestamp } from '../run-sync-pass.ts';
import { changeOf } from './change-of.ts';
import { createMembers, type Member } from './members.ts';
import type { HydratorPorts } from './ports.ts';
import { renderGroup } from './render-group.ts';
import { nextLook } from '../timing.ts';
import { clearRequest, tell, type Telling } from './tell.ts';
import { branchOf, placeProblems, refuseOwnSource } from './where.ts';

/** Commits what dry sources render to, one group of Applications at a time. */
export interface Hydrator {
  /** The key of the group that an Application belongs to; `undefined` when it is not hydrated. */
  groupOf(raw: KubeObject): string | undefined;
  /**
   * One pass over one group: decide, render, commit, push, tell. Never two of one group at once. Errors: only what kept
   * it from being told; everything else is in the status of the Applications.
   */
  hydrate(group: string, signal: AbortSignal): Promise<ReconcileOutcome>;
}

const PARALLEL_WRITES = 8;
const PUSH_ATTEMPTS = 3;

/** Builds the hydrator; it holds no resources and needs no closing. */
export function createHydrator(ports: HydratorPorts, settings: EngineSettings): Hydrator {
  const { clock, logger, repositories, branches } = ports;
  const members = createMembers(ports, settings);

  async function hydrate(key: string, signal: AbortSignal): Promise<ReconcileOutcome> {
    const everyone = members.around(key);
    const group = everyone.filter((member) => member.group.key === key);
    const [first] = group;
    if (first === undefined) return DONE;
    const dry = await resolveDry(first, group.some(isAsked), signal);
    const { reasons, retryAtMs } = decide(group, dry.commit);
    const mustAnswer = dry.problem !== undefined && group.some(isAsked);
    if (reasons.length === 0 && !mustAnswer) {
      await mapLimit(
        group,
        PARALLEL_WRITES,
        (member, stop) => clearRequest(member, member.app.raw, ports, stop),
        signal,
      );
      return again(Math.min(untilLook(), Math.max(0, retryAtMs - clock.now())));
    }
    const run: Run = { first, group, drySHA: dry.commit, startedAt: timestamp(clock), reasons };
    const outcome = await attempt(run, dry.problem, everyone, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      return failure(group, withHint(toTiphysError(error)));
    });
    await report(run, outcome, signal);
    return again(outcome.type === 'failed' ? HYDRATION_RETRY_MS : untilLook());
  }

  /** Keeps the polls of the repository alive, too. */
  const untilLook = (): number =>
    nextLook(settings) + Math.floor(ports.random() * settings.resyncJitterMs);

  async function resolveDry(first: Member, fresh: boolean, signal: AbortSignal) {
    const { dryRepo, dryRevision } = first.group;
    const project = first.project.name;
    try {
      const commit = await repositories.resolve(dryRepo, dryRevision, { fresh, project }, signal);
      return { commit, problem: undefined };
    } catch (error) {
      signal.throwIfAborted();
      return { commit: '', problem: toTiphysError(error) };
    }
  }

  function decide(group: readonly Member[], dryCommit: string) {
    const facts = { nowMs: clock.now(), dryCommit, parseTime: Date.parse };
    const reasons: HydrationReason[] = [];
    let retryAtMs = Number.POSITIVE_INFINITY;
    for (const { app } of group) {
      const need = hydrationNeeded(app, facts);
      if (need.type === 'hydrate') reasons.push(need.reason);
      else retryAtMs = Math.min(retryAtMs, need.retryAtMs ?? retryAtMs);
    }
    return { reasons, retryAtMs };
  }

  async function attempt(
    run: Run,
    problem: TiphysError | undefined,
    everyone: readonly Member[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { group, drySHA, reasons } = run;
    if (problem !== undefined) throw problem;
    const unfit = placeProblems(group, everyone);
    if (unfit !== undefined) return { type: 'failed', messages: unfit };
    const branch = branchOf(group);
    const repoURL = withoutCredentials(run.first.group.dryRepo);
    if (trustsRecord(reasons)) {
      const paths = group.map(({ folder }) => `${folder}/${METADATA}`);
      const { tip, texts } = await branches.read(branch, paths, signal);
      if (tip !== undefined && isRecorded(texts, { repoURL, drySha: drySHA }))
        return { type: 'unchanged', commit: tip };
    }
    const rendered = await renderGroup(group, drySHA, ports, settings, signal);
    if (rendered.type === 'failed') return rendered;
    const { applications } = rendered;
    const change = changeOf(run.group, applications, await dryCommitOf(run, signal), ports);
    return await publish(run, branch, change, signal);
  }

  async function dryCommitOf({ first, drySHA }: Run, signal: AbortSignal): Promise<DryCommit> {
    const { dryRepo } = first.group;
    const project = first.project.name;
    const said = await repositories.commit(dryRepo, drySHA, { project }, signal);
    return { ...said, sha: drySHA, repoUrl: withoutCredentials(dryRepo) };
  }

  /** Commits on what the server has, as often as somebody else was faster. */
  async function publish(
    run: Run,
    branch: HydratedBranch,
    change: HydratedChange,
    signal: AbortSignal,
  ): Promise<Outcome> {
    for (let left = PUSH_ATTEMPTS; left > 0; left -= 1) {
      const made = await branches.prepare(branch, change, signal);
      if (made.type === 'unchanged') return made;
      if (made.tip === run.drySHA) refuseOwnSource(run.group);
      await tellAll(run, { status: (app, one) => hydrating(app, one) }, signal);
      if ((await branches.push(branch, made.commit, signal)) === 'pushed')
        return { type: 'pushed', commit: made.commit };
      logger.info(
        { repository: withoutCredentials(branch.repoUrl), branch: branch.branch },
        'somebody else pushed to the hydrated branch; once more',
      );
    }
    throw new TiphysError(
      'GitUnreachable',
      `repository ${withoutCredentials(branch.repoUrl)}: push to ${branch.branch}: somebody else was faster ${PUSH_ATTEMPTS} times`,
      { hint: 'Let nobody else push to a hydrated branch, for example by protecting it.' },
    );
  }

  async function report(run: Run, outcome: Outcome, signal: AbortSignal): Promise<void> {
    const { first, group, drySHA } = run;
    const finishedAt = timestamp(clock);
    const about = {
      repository: withoutCredentials(first.group.repo),
      branch: first.group.branch,
      revision: drySHA,
      applications: group.length,
    };
    if (outcome.type === 'failed') {
      const messages = [...new Set(outcome.messages.values())];
      logger.warn({ ...about, reason: messages[0] }, 'not hydrated');
      await finish(run, signal, ({ key }) => {
        const message = outcome.messages.get(key) ?? '';
        const ended = { message, finishedAt };
        return { status: (app, one) => hydrationFailed(app, one, ended), error: message };
      });
      return;
    }
    if (outcome.type === 'unchanged' && isQuiet(run.reasons)) {
      await finish(run, signal, () => ({ status: (app) => comparedOnly(app, drySHA) }));
      return;
    }
    const { commit } = outcome;
    logger.info({ ...about, commit, pushed: outcome.type === 'pushed' }, 'hydrated');
    const ended = { hydratedSHA: commit, finishedAt };
    await finish(run, signal, () => ({ status: (_app, one) => hydrated(one, ended) }));
    if (outcome.type === 'pushed') await announce(run, signal);
  }

  /** Whoever syncs the branch need not wait for the next poll. */
  async function announce({ first, group }: Run, signal: AbortSignal): Promise<void> {
    for (const project of new Set(group.map((member) => member.project.name))) {
      const { repo } = first.group;
      try {
        await repositories.refresh(repo, { project }, signal);
      } catch (error) {
        signal.throwIfAborted();
        logger.debug({ repository: withoutCredentials(repo), err: error }, 'refs not asked for');
      }
    }
  }

  async function tellAll(run: Run, telling: MemberTelling, signal: AbortSignal): Promise<void> {
    await mapLimit(
      run.group,
      PARALLEL_WRITES,
      (member, stop) => tell(member, tellingOf(run, member, telling), ports, stop),
      signal,
    );
  }

  async function finish(
    run: Run,
    signal: AbortSignal,
    tellingFor: (member: Member) => MemberTelling,
  ): Promise<void> {
    await mapLimit(
      run.group,
      PARALLEL_WRITES,
      async (member, stop) => {
        const telling = tellingOf(run, member, tellingFor(member));
        const stored = await tell(member, telling, ports, stop);
        announceFailure(member, telling.error);
        await clearRequest(member, stored, ports, stop);
      },
      signal,
    );
  }

  function tellingOf(
    run: Run,
    { hydrator: sourceHydrator }: Member,
    telling: MemberTelling,
  ): Telling {
    const { drySHA, startedAt } = run;
    return {
      now: timestamp(clock),
      status: (app) => telling.status(app, { sourceHydrator, drySHA, startedAt }),
      ...(telling.error !== undefined && { error: telling.error }),
    };
  }

  /** An Event for what is new; retries say the same every two minutes. */
  function announceFailure({ app }: Member, message: string | undefined): void {
    const known = app.status.sourceHydrator?.currentOperation?.message;
    if (message === undefined || message === known) return;
    const { name, namespace, uid, resourceVersion } = app.metadata;
    const { apiVersion, kind } = app.raw;
    const object = { apiVersion, kind, name, namespace, uid, resourceVersion };
    ports.events.publish({ type: 'Warning', reason: 'HydrationFailed', message, object });
  }

  return { groupOf: members.groupOf, hydrate };
}

interface Run {
  readonly first: Member;
  readonly group: readonly Member[];
  readonly drySHA: string;
  readonly startedAt: string;
  readonly reasons: readonly HydrationReason[];
}

interface MemberTelling extends Pick<Telling, 'error'> {
  readonly status: (
    app: Parameters<Telling['status']>[0],
    run: HydrationRun,
  ) => ReturnType<Telling['status']>;
}

type Outcome =
  | { readonly type: 'pushed' | 'unchanged'; readonly commit: string }
  | { readonly type: 'failed'; readonly messages: Messages };

type Messages = ReadonlyMap<AppKey, string>;

const isAsked = ({ app }: Member): boolean =>
  app.metadata.annotations[HYDRATE_ANNOTATION] !== undefined;

function failure(group: readonly Member[], message: string): Outcome {
  return { type: 'failed', messages: new Map(group.map(({ key }) => [key, message])) };
}
