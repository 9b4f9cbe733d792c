/** What a person can do about a decision of automated sync, or why nothing needs to be done. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  AutomationDisabled:
    'Automated sync is off. Sync by hand (set operation.sync), or set spec.syncPolicy.automated.',
  OperationInProgress: 'An operation is under way; its phase and message say what it waits for.',
  Deleting: 'The application is being deleted.',
  NothingToSync: 'Nothing differs. If something is unhealthy, look at the object named above.',
  OnlyPruningLeft:
    'Only pruning is left, and automated pruning is off. Sync by hand with prune, or set spec.syncPolicy.automated.prune.',
  LeftAlone:
    'What differs is left alone on purpose; the conditions say by whom it is claimed or set back.',
  SelfHealDisabled:
    'This revision was synced and the cluster changed later. Sync by hand, or set spec.syncPolicy.automated.selfHeal.',
  LastAttemptFailed:
    'The last sync of this revision failed and is not repeated. Push a correction, or sync by hand.',
  WouldPruneEverything:
    'Syncing would delete every object. If that is meant, set spec.syncPolicy.automated.allowEmpty or sync by hand.',
  SelfHealBackoff: 'It was healed a moment ago; the next healing waits a little.',
  RetryLater: 'The last attempt failed; another follows by itself.',
  WaitsForDependencies:
    'Other Applications come first (tiphys.io/depends-on); the condition names them. Sync by hand to go ahead.',
  DependencyCycle:
    'Applications depend on each other in a circle, which the condition shows. Take one tiphys.io/depends-on out.',
  SyncWindowClosed:
    'A sync is due, but a sync window of the project is against it; the condition SyncWindowInfo names it and when it opens. Wait, sync by hand where the window has manualSync, or change spec.syncWindows of the AppProject.',
  NotCompared: 'Desired or live state is not known. Correct what the conditions name.',
  Sync: 'Automated sync is due, and begins with the next look at the application.',
  Running: 'An operation is under way; its phase and message say what it waits for.',
};

export function nextStepFor(reason: string): string {
  return NEXT_STEPS[reason] ?? reason;
}
