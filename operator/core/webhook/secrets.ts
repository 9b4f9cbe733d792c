/** Secrets that webhooks are signed with, from `argocd-secret`. Unset: not checked, but for Harbor. */
export interface WebhookSecrets {
  readonly github?: string;
  readonly gitlab?: string;
  readonly gogs?: string;
  readonly bitbucketUuid?: string;
  readonly bitbucketServer?: string;
  readonly azureUsername?: string;
  readonly azurePassword?: string;
  readonly harbor?: string;
}
