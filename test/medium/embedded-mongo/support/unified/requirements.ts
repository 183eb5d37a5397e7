import type { RunOnRequirement, UnifiedSuite, UnifiedTest } from './types.js';

/** What the server says it is; requirements are checked against it. */
const SERVER = { version: [7, 0, 24], topology: 'replicaset', auth: false };

/** Why a test is not for this server (or not for any server reached through this driver); null when it is. */
export function reasonToSkip(suite: UnifiedSuite, test: UnifiedTest): string | null {
  if (test.skipReason) return `skipped by the specification: ${test.skipReason}`;
  for (const requirements of [suite.runOnRequirements, test.runOnRequirements]) {
    if (requirements && !requirements.some(isMet)) return 'needs another server version or topology';
  }
  return null;
}

function isMet(requirement: RunOnRequirement): boolean {
  const { minServerVersion, maxServerVersion, topologies, auth, serverless, csfle } = requirement;
  if (minServerVersion && compareVersions(parse(minServerVersion), SERVER.version) > 0) return false;
  if (maxServerVersion && compareVersions(parse(maxServerVersion), SERVER.version) < 0) return false;
  if (topologies && !topologies.includes(SERVER.topology)) return false;
  if (auth === true || csfle === true || serverless === 'require') return false;
  return true;
}

/** "4.4.99" and the like leave the patch open; missing parts count as zero. */
function parse(version: string): number[] {
  return version.split('.').map(Number);
}

function compareVersions(a: number[], b: number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
