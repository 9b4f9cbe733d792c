/** A setting of Argo CD for which there is nothing here to set. */
export interface SettingWithoutEffect {
  /** The variable. */
  readonly name: string;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** Those that people may bring along, in the order of the documentation. */
export const WITHOUT_EFFECT: readonly SettingWithoutEffect[] = [
  {
    name: 'ARGOCD_HELM_USER_AGENT',
    reason:
      'Indexes and charts are fetched by the helm program, which cannot be told to call itself otherwise.',
  },
  {
    name: 'ARGOCD_REPO_SERVER_ALLOW_OUT_OF_BOUNDS_SYMLINKS',
    reason:
      'A link that leads out of the repository harms nobody who does not read it, and is never followed.',
  },
  {
    name: 'ARGOCD_REPO_SERVER_ENABLE_BUILTIN_GIT_CONFIG',
    reason:
      'Git runs with the settings of Tiphys alone: nothing is collected in the background, and no file of a user counts.',
  },
  {
    name: 'ARGOCD_REVISION_CACHE_LOCK_TIMEOUT',
    reason: 'One listing of refs serves all who wait; nobody waits for a lock in Redis.',
  },
  {
    name: 'ARGOCD_SSH_DATA_PATH',
    reason:
      'Known hosts are read from argocd-ssh-known-hosts-cm; what was mounted there from elsewhere belongs into it.',
  },
  {
    name: 'ARGOCD_TLS_DATA_PATH',
    reason:
      'Authorities are read from argocd-tls-certs-cm; what was mounted there from elsewhere belongs into it.',
  },
  {
    name: 'ARGOCD_GPG_DATA_PATH',
    reason: 'Keyrings are made from argocd-gpg-keys-cm, below --data-dir.',
  },
  {
    name: 'ARGOCD_REPO_SERVER_INCLUDE_HIDDEN_DIRECTORIES',
    reason: 'It is about the Git generator of ApplicationSets, which are not processed.',
  },
  {
    name: 'ARGOCD_REPO_SERVER_STREAMED_MANIFEST_MAX_TAR_SIZE',
    reason:
      'Nobody sends local files here to have them rendered; use tiphys render and tiphys diff.',
  },
  {
    name: 'ARGOCD_REPO_SERVER_STREAMED_MANIFEST_MAX_EXTRACTED_SIZE',
    reason:
      'Nobody sends local files here to have them rendered; use tiphys render and tiphys diff.',
  },
  {
    name: 'ARGOCD_GRPC_MAX_SIZE_MB',
    reason: 'Manifests are rendered in this process and pass through no gRPC.',
  },
  {
    name: 'ARGOCD_APPLICATION_CONTROLLER_REPO_SERVER_TIMEOUT_SECONDS',
    reason:
      'There is no repository server to wait for; --render-timeout and --git-timeout bound renders.',
  },
  {
    name: 'ARGOCD_SERVER_REPO_SERVER_TIMEOUT_SECONDS',
    reason:
      'There is no repository server to wait for; --render-timeout and --git-timeout bound renders.',
  },
  {
    name: 'ARGOCD_WEBHOOK_MANIFEST_CACHE_WARM_DISABLED',
    reason:
      'Renders are kept by the content of what they read, so that a push leaves nothing to move.',
  },
];

/** Which of them are set, and not empty. */
export function settingsWithoutEffect(
  env: Readonly<Record<string, string | undefined>>,
): readonly SettingWithoutEffect[] {
  return WITHOUT_EFFECT.filter(({ name }) => (env[name] ?? '') !== '');
}
