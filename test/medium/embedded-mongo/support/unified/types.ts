import type { Document } from 'mongodb';

/** The parts of the unified test format the runner reads (specifications/source/unified-test-format). */
export interface UnifiedSuite {
  description: string;
  schemaVersion: string;
  runOnRequirements?: RunOnRequirement[];
  createEntities?: Document[];
  initialData?: Array<{
    collectionName: string;
    databaseName: string;
    documents: Document[];
    createOptions?: Document;
  }>;
  tests: UnifiedTest[];
}

export interface RunOnRequirement {
  minServerVersion?: string;
  maxServerVersion?: string;
  topologies?: string[];
  auth?: boolean;
  serverless?: string;
  serverParameters?: Document;
  csfle?: boolean;
}

export interface UnifiedTest {
  description: string;
  skipReason?: string;
  runOnRequirements?: RunOnRequirement[];
  operations: UnifiedOperation[];
  expectEvents?: Array<{ client: string; eventType?: string; events: Document[]; ignoreExtraEvents?: boolean }>;
  outcome?: Array<{ collectionName: string; databaseName: string; documents: Document[] }>;
}

export interface UnifiedOperation {
  name: string;
  object: string;
  arguments?: Document;
  expectError?: Document;
  expectResult?: unknown;
  saveResultAsEntity?: string;
  ignoreResultAndError?: boolean;
}
