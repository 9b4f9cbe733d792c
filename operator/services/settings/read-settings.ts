import { readAccounts } from '../../core/access/accounts.ts';
import type { Requester } from '../../core/access/requester.ts';
import { readSignInSettings } from '../../core/access/sign-in-settings.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../core/objects/json.ts';
import { textsOf, type ObjectTexts } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';
import { readOverrides } from './resource-overrides.ts';

/** What clients are told of how the control plane is set up; members as they are sent, empty ones among them. */
export type ShownSettings = JsonObject;

/**
 * The settings that somebody may know: what a page needs before anybody signed in, and some more for who
 * did. Nothing of a Secret is in them. Never throws: what cannot be read is left out.
 */
export function readSettings(
  { ports, settings }: ControlPlane,
  { caller }: Requester,
): ShownSettings {
  const map = ports.config.configMap('argocd-cm');
  const texts = textsOf(map);
  const accounts = readAccounts(texts, textsOf(ports.config.secret('argocd-secret')));
  const canSignIn = [...accounts.byName.values()].some(
    ({ enabled, capabilities }) => enabled && capabilities.includes('login'),
  );
  const text = (key: string) => texts.get(key) ?? '';
  const flag = (key: string) => text(key) === 'true';
  const yaml = (key: string) => readYaml(text(key), ports);
  const urls = yaml('additionalUrls');
  const shown: JsonObject = {
    url: text('url'),
    additionalUrls: isJsonArray(urls) ? urls.filter((url) => typeof url === 'string') : undefined,
    statusBadgeEnabled: flag('statusbadge.enabled'),
    statusBadgeRootUrl: text('statusbadge.url'),
    googleAnalytics: {
      trackingID: text('ga.trackingid'),
      anonymizeUsers: text('ga.anonymizeusers') !== 'false',
    },
    help: helpOf(texts),
    userLoginsDisabled: !canSignIn,
    uiCssURL: text('ui.cssurl'),
    uiLoginButtonText: text('ui.loginButtonText'),
    execEnabled: flag('exec.enabled'),
    trackingMethod: settings.tracking.method,
    appLabelKey: settings.tracking.labelKey,
    appsInAnyNamespaceEnabled: settings.applicationNamespaces.length > 0,
    impersonationEnabled: ports.projectSettings().impersonation.enabled,
    installationID: text('installationID'),
    hydratorEnabled: settings.hydrates,
    syncWithReplaceAllowed: ports.replaceAllowed,
    resourceViewEnabled: !flag('ui.view.resources.disabled'),
    kustomizeOptions: { BuildOptions: text('kustomize.buildOptions'), BinaryPath: '' },
    kustomizeVersions: [...texts.keys()].flatMap(
      (key) => /^kustomize\.path\.(.+)$/.exec(key)?.[1] ?? [],
    ),
    ...signInOf(yaml, texts),
  };
  if (caller === undefined && !ports.authDisabled) return shown;
  return {
    ...shown,
    uiBannerContent: text('ui.bannercontent'),
    uiBannerURL: text('ui.bannerurl'),
    uiBannerPermanent: flag('ui.bannerpermanent'),
    uiBannerPosition: text('ui.bannerposition'),
    controllerNamespace: settings.namespace,
    resourceOverrides: readOverrides(texts, yaml('resource.customizations')),
    ...(caller !== undefined && { passwordPattern: readSignInSettings(texts).passwordPattern }),
  };
}

function helpOf(texts: ObjectTexts): JsonObject {
  const prefix = 'help.download.';
  const binaries = [...texts].flatMap(([key, url]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), url] as const] : [],
  );
  const chatUrl = texts.get('help.chatUrl') ?? '';
  return {
    chatUrl,
    chatText: texts.get('help.chatText') ?? (chatUrl === '' ? '' : 'Chat now!'),
    binaryUrls: Object.fromEntries(binaries),
  };
}

/** How one signs in with an identity provider; a reference to a Secret is not followed. */
function signInOf(yaml: (key: string) => JsonValue | undefined, texts: ObjectTexts): JsonObject {
  const oidc = yaml('oidc.config');
  if (isJsonObject(oidc)) {
    const { name, issuer, clientID, cliClientID } = oidc;
    const { requestedScopes, requestedIDTokenClaims, enablePKCEAuthentication } = oidc;
    return {
      oidcConfig: {
        ...plain({ name, issuer, clientID, cliClientID }),
        scopes: isJsonArray(requestedScopes) ? requestedScopes : undefined,
        idTokenClaims: isJsonObject(requestedIDTokenClaims) ? requestedIDTokenClaims : undefined,
        enablePKCEAuthentication: enablePKCEAuthentication === true,
      },
    };
  }
  const dex = yaml('dex.config');
  const connectors = isJsonObject(dex) ? dex['connectors'] : undefined;
  if (!isJsonArray(connectors) || (texts.get('url') ?? '') === '') return {};
  return {
    dexConfig: {
      connectors: connectors.flatMap((one) =>
        isJsonObject(one) ? [plain({ name: one['name'], type: one['type'], id: one['id'] })] : [],
      ),
      dexAuthConnectorID: texts.get('dex.auth.connectorId') ?? '',
    },
  };
}

/** Texts, and no reference to a Secret. */
function plain(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) => typeof value === 'string' && !value.startsWith('$'),
    ),
  );
}

function readYaml(
  text: string,
  { readYaml: parse }: Pick<ControlPlane['ports'], 'readYaml'>,
): JsonValue | undefined {
  try {
    return text.trim() === '' ? undefined : parse(text);
  } catch {
    return undefined; // whoever uses the setting says what is wrong with it
  }
}
