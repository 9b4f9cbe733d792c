import type { Requester } from '../../core/access/requester.ts';
import { withInherited } from '../../core/repository/find-repository.ts';
import { recordFrom } from '../../core/repository/repository-secret.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { testRepository } from './connection.ts';
import { kindsOf, repositoryObject, templatesOf } from './registrations.ts';
import { type SentRegistration, wellFormed } from './write-registration.ts';

/**
 * Whether a repository can be reached so, by a real connection; nothing is stored. Errors:
 * `PermissionDenied`, `InvalidRequest`, and why it cannot.
 */
export async function validateRepository(
  controlPlane: ControlPlane,
  requester: Requester,
  sent: SentRegistration,
  signal: AbortSignal,
): Promise<void> {
  const record = wellFormed(recordFrom(sent.url, sent.fields));
  const { resource } = kindsOf(controlPlane);
  const asked = { resource, action: 'create', object: repositoryObject(record) };
  enforce(requester, asked, controlPlane.ports.access);
  const complete = withInherited(record, templatesOf(controlPlane));
  await testRepository(complete, controlPlane, signal);
}
