import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterRecord } from '../../core/cluster/cluster-record.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import { IN_CLUSTER } from './read-clusters.ts';
import { refuseUnsafe } from './refuse-unsafe.ts';

const PROGRAM = { execProviderConfig: { command: 'aws', args: ['eks', 'get-token'] } };

function cluster(config: JsonObject, more: Partial<ClusterRecord> = {}): ClusterRecord {
  return { ...IN_CLUSTER, server: 'https://there:6443', config, ...more };
}

const CHOSEN = /^cluster https:\/\/there:6443: execProviderConfig runs a program on the server/;
const OF_PROJECT = /cluster of one project must not/;

interface Case {
  readonly name: string;
  readonly sent: ClusterRecord;
  readonly stored?: ClusterRecord;
  readonly allowed?: boolean;
  readonly refused?: RegExp;
}

const CASES: readonly Case[] = [
  { name: 'a token is sent', sent: cluster({ bearerToken: 'x' }) },
  { name: 'a program is sent', sent: cluster(PROGRAM), refused: CHOSEN },
  { name: 'a program is sent where that is allowed', sent: cluster(PROGRAM), allowed: true },
  {
    name: 'a program is sent in letters that Go would take, too',
    sent: cluster({ EXECProviderConfig: { command: 'aws' } }),
    refused: CHOSEN,
  },
  {
    name: 'the program that is stored stays',
    sent: cluster(PROGRAM, { name: 'renamed' }),
    stored: cluster(PROGRAM),
  },
  {
    name: 'the program that is stored gets other arguments',
    sent: cluster({ execProviderConfig: { command: 'aws', args: ['--version'] } }),
    stored: cluster(PROGRAM),
    refused: CHOSEN,
  },
  {
    name: 'the program that is stored goes into a project',
    sent: cluster(PROGRAM, { project: 'shop' }),
    stored: cluster(PROGRAM),
    allowed: true,
    refused: OF_PROJECT,
  },
  {
    name: 'no URL is sent',
    sent: cluster({}, { server: 'there' }),
    refused: /server is missing or is no URL/,
  },
];

describe('a cluster that a client sends', () => {
  for (const { name, sent, stored, allowed = false, refused } of CASES)
    test(`${refused === undefined ? 'is taken' : 'is refused'} when ${name}`, () => {
      const check = () => refuseUnsafe(sent, stored, allowed);
      if (refused === undefined) check();
      else assert.throws(check, { code: 'InvalidRequest', message: refused });
    });
});
