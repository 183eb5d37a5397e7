import { Decimal128, Double, Long } from 'bson';

import { type Document } from '../bson/values.js';
import { compileCollation } from '../query/collation.js';
import { analyzePipeline, type PipelineContext, runPipeline } from './pipeline.js';

async function run(docs: Document[], pipeline: Document[], context: PipelineContext = {}): Promise<Document[]> {
  const result: Document[] = [];
  for await (const doc of runPipeline(docs, pipeline, context).documents) result.push(doc);
  return result;
}

const SALES: Document[] = [
  { _id: 1, item: 'a', n: 2, tags: ['x', 'y'] },
  { _id: 2, item: 'b', n: 5, tags: [] },
  { _id: 3, item: 'a', n: Long.fromNumber(3) },
  { _id: 4, item: 'c', n: 1, tags: ['x'] },
];

describe('stages', () => {
  test('$match, $sort, $skip, $limit, $project', async () => {
    const pipeline = [
      { $match: { n: { $gt: 1 } } },
      { $sort: { n: -1 } },
      { $skip: 1 },
      { $limit: 1 },
      { $project: { n: 1, _id: 0 } },
    ];
    expect(await run(SALES, pipeline)).toEqual([{ n: Long.fromNumber(3) }]);
  });

  test('$limit stops reading its input', async () => {
    let read = 0;
    function* source(): Generator<Document> {
      for (let i = 0; i < 10_000; i++) {
        read++;
        yield { i };
      }
    }
    const result: Document[] = [];
    for await (const doc of runPipeline(source(), [{ $limit: 5 }], {}).documents) result.push(doc);
    expect(result).toHaveLength(5);
    expect(read).toBeLessThan(100);
  });

  test('$group by a field with typed accumulators', async () => {
    const pipeline = [
      {
        $group: {
          _id: '$item',
          sum: { $sum: '$n' },
          avg: { $avg: '$n' },
          max: { $max: '$n' },
          ids: { $push: '$_id' },
          first: { $first: '$_id' },
          last: { $last: '$_id' },
          count: { $count: {} },
        },
      },
      { $sort: { _id: 1 } },
    ];
    expect(await run(SALES, pipeline)).toEqual([
      {
        _id: 'a',
        sum: Long.fromNumber(5),
        avg: 2.5,
        max: Long.fromNumber(3),
        ids: [1, 3],
        first: 1,
        last: 3,
        count: 2,
      },
      { _id: 'b', sum: 5, avg: new Double(5), max: 5, ids: [2], first: 2, last: 2, count: 1 },
      { _id: 'c', sum: 1, avg: new Double(1), max: 1, ids: [4], first: 4, last: 4, count: 1 },
    ]);
  });

  test('$group joins equal numbers, and null with missing', async () => {
    const docs = [
      { k: 5 },
      { k: Long.fromNumber(5) },
      { k: Decimal128.fromString('5') },
      { k: new Double(5) },
      { k: null },
      {},
    ];
    expect(await run(docs, [{ $group: { _id: '$k', n: { $sum: 1 } } }])).toEqual([
      { _id: 5, n: 4 },
      { _id: null, n: 2 },
    ]);
    expect(await run(docs, [{ $group: { _id: { k: '$k' }, n: { $sum: 1 } } }])).toEqual([
      { _id: { k: 5 }, n: 4 },
      { _id: { k: null }, n: 1 },
      { _id: {}, n: 1 },
    ]);
  });

  test('$group under a collation', async () => {
    const docs = [{ k: 'A' }, { k: 'a' }, { k: 'b' }];
    const context = { collation: compileCollation({ locale: 'en', strength: 2 }) };
    expect(await run(docs, [{ $group: { _id: '$k', n: { $sum: 1 } } }], context)).toEqual([
      { _id: 'A', n: 2 },
      { _id: 'b', n: 1 },
    ]);
  });

  test('$group with structured accumulators', async () => {
    const [result] = await run(SALES, [
      {
        $group: {
          _id: null,
          top: { $top: { sortBy: { n: -1 }, output: '$item' } },
          bottomN: { $bottomN: { n: 2, sortBy: { n: -1 }, output: '$n' } },
          firstN: { $firstN: { n: 2, input: '$item' } },
          maxN: { $maxN: { n: 1, input: '$n' } },
          set: { $addToSet: '$item' },
          merged: { $mergeObjects: { $arrayToObject: [[['$item', '$_id']]] } },
          median: { $median: { input: '$n', method: 'approximate' } },
          dev: { $stdDevPop: '$n' },
        },
      },
    ]);
    expect(result).toEqual({
      _id: null,
      top: 'b',
      bottomN: [2, 1],
      firstN: ['a', 'b'],
      maxN: [5],
      set: ['a', 'b', 'c'],
      merged: { a: 3, b: 2, c: 4 },
      median: new Double(2),
      dev: expect.closeTo(1.479, 3),
    });
  });

  test('$count, $sortByCount, $sample', async () => {
    expect(await run(SALES, [{ $count: 'total' }])).toEqual([{ total: 4 }]);
    expect(await run([], [{ $count: 'total' }])).toEqual([]);
    expect((await run(SALES, [{ $sortByCount: '$item' }]))[0]).toEqual({ _id: 'a', count: 2 });
    expect(await run(SALES, [{ $sample: { size: 2 } }])).toHaveLength(2);
  });

  test('$unwind', async () => {
    expect(await run(SALES, [{ $unwind: '$tags' }, { $project: { tags: 1 } }])).toEqual([
      { _id: 1, tags: 'x' },
      { _id: 1, tags: 'y' },
      { _id: 4, tags: 'x' },
    ]);
    const kept = await run(SALES, [
      { $unwind: { path: '$tags', preserveNullAndEmptyArrays: true, includeArrayIndex: 'at' } },
      { $project: { tags: 1, at: 1 } },
    ]);
    expect(kept).toEqual([
      { _id: 1, tags: 'x', at: Long.ZERO },
      { _id: 1, tags: 'y', at: Long.fromNumber(1) },
      { _id: 2, at: null },
      { _id: 3, at: null },
      { _id: 4, tags: 'x', at: Long.ZERO },
    ]);
  });

  test('$addFields through arrays and documents', async () => {
    const docs = [{ _id: 1, a: { b: 1 }, list: [{ x: 1 }, { x: 2 }] }];
    expect(await run(docs, [{ $addFields: { 'a.c': '$_id', 'list.y': 9, z: { q: '$a.b' } } }])).toEqual([
      {
        _id: 1,
        a: { b: 1, c: 1 },
        list: [
          { x: 1, y: 9 },
          { x: 2, y: 9 },
        ],
        z: { q: 1 },
      },
    ]);
    expect(await run(docs, [{ $set: { a: '$$REMOVE' } }, { $unset: ['list', '_id'] }])).toEqual([{}]);
  });

  test('$replaceRoot and $redact', async () => {
    expect(await run([{ a: { b: 1 } }], [{ $replaceRoot: { newRoot: { $mergeObjects: ['$a', { c: 2 }] } } }])).toEqual([
      { b: 1, c: 2 },
    ]);
    await expect(run([{ a: 1 }], [{ $replaceWith: '$a' }])).rejects.toMatchObject({ code: 40228 });
    const docs = [{ level: 1, in: { level: 5, x: 1 }, list: [{ level: 1 }, { level: 9 }] }];
    expect(await run(docs, [{ $redact: { $cond: [{ $lte: ['$level', 3] }, '$$DESCEND', '$$PRUNE'] } }])).toEqual([
      { level: 1, list: [{ level: 1 }] },
    ]);
  });

  test('$bucket and $bucketAuto', async () => {
    const docs = [1, 2, 3, 10, 20].map((v) => ({ v }));
    expect(await run(docs, [{ $bucket: { groupBy: '$v', boundaries: [0, 3, 15], default: 'other' } }])).toEqual([
      { _id: 0, count: 2 },
      { _id: 3, count: 2 },
      { _id: 'other', count: 1 },
    ]);
    expect(await run(docs, [{ $bucketAuto: { groupBy: '$v', buckets: 2 } }])).toEqual([
      { _id: { min: 1, max: 10 }, count: 3 },
      { _id: { min: 10, max: 20 }, count: 2 },
    ]);
  });

  test('$facet', async () => {
    const pipeline = [
      { $facet: { n: [{ $count: 'n' }], big: [{ $match: { n: { $gt: 4 } } }, { $project: { n: 1, _id: 0 } }] } },
    ];
    expect(await run(SALES, pipeline)).toEqual([{ n: [{ n: 4 }], big: [{ n: 5 }] }]);
  });

  test('$documents', async () => {
    expect(await run([], [{ $documents: [{ a: 1 }, { a: { $add: [1, 1] } }] }, { $match: { a: 2 } }])).toEqual([
      { a: 2 },
    ]);
  });
});

describe('joins', () => {
  const collections: Record<string, Document[]> = {
    items: [
      { _id: 1, sku: 'a', stock: 10 },
      { _id: 2, sku: 'b', stock: 0 },
      { _id: 3, stock: 5 },
      { _id: 4, sku: ['a', 'z'], stock: 1 },
    ],
    people: [
      { _id: 1, name: 'dev', boss: null },
      { _id: 2, name: 'eliot', boss: 'dev' },
      { _id: 3, name: 'ron', boss: 'eliot' },
      { _id: 4, name: 'asya', boss: 'ron' },
    ],
  };
  const context: PipelineContext = { readCollection: (name) => collections[name] ?? [] };

  test('$lookup by field: arrays match by element, missing matches missing', async () => {
    const docs = [{ _id: 1, item: 'a' }, { _id: 2, item: ['b', 'z'] }, { _id: 3 }, { _id: 4, item: 'q' }];
    const joined = await run(
      docs,
      [{ $lookup: { from: 'items', localField: 'item', foreignField: 'sku', as: 'j' } }, { $project: { j: '$j._id' } }],
      context,
    );
    expect(joined).toEqual([
      { _id: 1, j: [1, 4] },
      { _id: 2, j: [2, 4] },
      { _id: 3, j: [3] },
      { _id: 4, j: [] },
    ]);
  });

  test('$lookup with let and pipeline', async () => {
    const pipeline = [
      {
        $lookup: {
          from: 'items',
          let: { min: '$n' },
          pipeline: [{ $match: { $expr: { $gt: ['$stock', '$$min'] } } }, { $project: { _id: 1 } }],
          as: 'j',
        },
      },
    ];
    expect(await run([{ n: 4 }, { n: 9 }], pipeline, context)).toEqual([
      { n: 4, j: [{ _id: 1 }, { _id: 3 }] },
      { n: 9, j: [{ _id: 1 }] },
    ]);
  });

  test('$lookup with fields and pipeline, and of nothing', async () => {
    const pipeline = [
      {
        $lookup: {
          from: 'items',
          localField: 'item',
          foreignField: 'sku',
          pipeline: [{ $match: { stock: { $gt: 5 } } }, { $count: 'n' }],
          as: 'j',
        },
      },
    ];
    expect(await run([{ item: 'a' }], pipeline, context)).toEqual([{ item: 'a', j: [{ n: 1 }] }]);
    expect(
      await run(
        [{ item: 'a' }],
        [{ $lookup: { from: 'none', localField: 'item', foreignField: 'x', as: 'j' } }],
        context,
      ),
    ).toEqual([{ item: 'a', j: [] }]);
  });

  test('$unionWith', async () => {
    const union = await run(
      [{ _id: 'x' }],
      [{ $unionWith: { coll: 'items', pipeline: [{ $match: { stock: 0 } }] } }, { $project: { _id: 1 } }],
      context,
    );
    expect(union).toEqual([{ _id: 'x' }, { _id: 2 }]);
  });

  test('$graphLookup', async () => {
    const spec = {
      from: 'people',
      startWith: '$boss',
      connectFromField: 'boss',
      connectToField: 'name',
      as: 'line',
      depthField: 'd',
    };
    const [result] = await run([{ boss: 'ron' }], [{ $graphLookup: spec }], context);
    expect((result?.line as Document[]).map(({ name, d }) => [name, d])).toEqual([
      ['ron', 0],
      ['eliot', 1],
      ['dev', 2],
    ]);
    const [limited] = await run([{ boss: 'ron' }], [{ $graphLookup: { ...spec, maxDepth: 0 } }], context);
    expect(limited?.line).toHaveLength(1);
  });
});

describe('series', () => {
  const days = (...numbers: number[]): Date[] => numbers.map((day) => new Date(Date.UTC(2024, 0, day)));

  test('$setWindowFields', async () => {
    const docs = [
      { p: 'x', t: 2, v: 10 },
      { p: 'x', t: 1, v: 1 },
      { p: 'y', t: 1, v: 5 },
      { p: 'x', t: 3, v: 100 },
    ];
    const output = {
      running: { $sum: '$v', window: { documents: ['unbounded', 'current'] } },
      pair: { $avg: '$v', window: { documents: [-1, 0] } },
      near: { $sum: '$v', window: { range: [-1, 1] } },
      total: { $sum: '$v' },
      rank: { $rank: {} },
      number: { $documentNumber: {} },
      before: { $shift: { output: '$v', by: -1, default: 0 } },
    };
    const result = await run(docs, [{ $setWindowFields: { partitionBy: '$p', sortBy: { t: 1 }, output } }]);
    expect(result).toEqual([
      { p: 'x', t: 1, v: 1, running: 1, pair: new Double(1), near: 11, total: 111, rank: 1, number: 1, before: 0 },
      { p: 'x', t: 2, v: 10, running: 11, pair: 5.5, near: 111, total: 111, rank: 2, number: 2, before: 1 },
      {
        p: 'x',
        t: 3,
        v: 100,
        running: 111,
        pair: new Double(55),
        near: 110,
        total: 111,
        rank: 3,
        number: 3,
        before: 10,
      },
      { p: 'y', t: 1, v: 5, running: 5, pair: new Double(5), near: 5, total: 5, rank: 1, number: 1, before: 0 },
    ]);
  });

  test('$denseRank, $derivative, $expMovingAvg', async () => {
    const docs = [
      { t: 0, v: 1 },
      { t: 0, v: 3 },
      { t: 2, v: 7 },
    ];
    const output = {
      r: { $rank: {} },
      d: { $denseRank: {} },
      slope: { $derivative: { input: '$v' }, window: { documents: [-1, 0] } },
      ema: { $expMovingAvg: { input: '$v', alpha: 0.5 } },
    };
    const result = await run(docs, [{ $setWindowFields: { sortBy: { t: 1 }, output } }]);
    expect(result.map(({ r, d, slope, ema }) => [r, d, Number(slope), Number(ema)])).toEqual([
      [1, 1, 0, 1],
      [1, 1, 0, 2],
      [3, 2, 2, 4.5],
    ]);
  });

  test('$densify', async () => {
    const docs = days(1, 4).map((t) => ({ t }));
    const dense = await run(docs, [{ $densify: { field: 't', range: { step: 1, unit: 'day', bounds: 'full' } } }]);
    expect(dense.map(({ t }) => t)).toEqual(days(1, 2, 3, 4));
    const parted = await run(
      [
        { p: 1, v: 1 },
        { p: 2, v: 3 },
      ],
      [{ $densify: { field: 'v', partitionByFields: ['p'], range: { step: 1, bounds: [1, 4] } } }],
    );
    expect(parted).toEqual([
      { p: 1, v: 1 },
      { p: 1, v: 2 },
      { p: 1, v: 3 },
      { p: 2, v: 1 },
      { p: 2, v: 2 },
      { p: 2, v: 3 },
    ]);
  });

  test('$fill', async () => {
    const docs = [
      { t: 1, a: 1, b: 5 },
      { t: 2, a: null },
      { t: 3, a: 3 },
    ];
    const filled = await run(docs, [
      { $fill: { sortBy: { t: 1 }, output: { a: { method: 'linear' }, b: { method: 'locf' }, c: { value: 0 } } } },
    ]);
    expect(filled).toEqual([
      { t: 1, a: 1, b: 5, c: 0 },
      { t: 2, a: new Double(2), b: 5, c: 0 },
      { t: 3, a: 3, b: 5, c: 0 },
    ]);
  });
});

describe('limits and errors', () => {
  test('blocking stages stop at the memory limit with 292', async () => {
    const docs = Array.from({ length: 1_000 }, (_, i) => ({ i, pad: 'x'.repeat(1_000) }));
    const context = { memoryLimit: 100_000 };
    for (const stage of [
      { $sort: { i: 1 } },
      { $group: { _id: null, all: { $push: '$pad' } } },
      { $group: { _id: '$pad' } },
      { $facet: { a: [] } },
    ]) {
      const isBounded =
        JSON.stringify(stage).includes('"$pad"}}') && !('all' in ((stage as Document).$group as Document));
      if (isBounded) await expect(run(docs, [stage], context)).resolves.toHaveLength(1);
      else await expect(run(docs, [stage], context)).rejects.toMatchObject({ code: 292 });
    }
    await expect(run(docs, [{ $sort: { i: -1 } }, { $limit: 2 }], context)).resolves.toHaveLength(2);
  });

  test('yieldNow runs between batches and can stop the pipeline', async () => {
    let yields = 0;
    const docs = Array.from({ length: 2_000 }, (_, i) => ({ i }));
    await run(docs, [{ $count: 'n' }], { yieldNow: async () => void yields++ });
    expect(yields).toBeGreaterThan(5);
    const stop = run(docs, [{ $count: 'n' }], { yieldNow: () => Promise.reject(new Error('time is up')) });
    await expect(stop).rejects.toThrow('time is up');
  });

  test.each<readonly [Document[], number]>([
    [[{ $nope: 1 }], 40324],
    [[{ $match: {}, $limit: 1 }], 40323],
    [[{ $match: 1 }], 15959],
    [[{ $limit: 0 }], 15958],
    [[{ $skip: -1 }], 5107201],
    [[{ $sort: {} }], 15976],
    [[{ $project: {} }], 51272],
    [[{ $group: {} }], 15955],
    [[{ $group: { _id: 1, a: 5 } }], 40234],
    [[{ $group: { _id: 1, a: { $nope: 1 } } }], 15952],
    [[{ $group: { _id: 1, 'a.b': { $sum: 1 } } }], 40235],
    [[{ $out: 'x' }, { $match: {} }], 40601],
    [[{ $facet: { a: [{ $out: 'x' }] } }], 51047],
    [[{ $facet: { a: [{ $facet: { b: [] } }] } }], 40600],
    [[{ $unwind: 'tags' }], 28818],
    [[{ $lookup: { from: 'x', as: 'y' } }], 9],
    [[{ $match: {} }, { $documents: [] }], 40602],
    [[{ $geoNear: {} }], 40324],
    [[{ $group: { _id: null, f: { $accumulator: {} } } }], 15952],
  ])('%j -> %d', async (pipeline, code) => {
    expect(() => runPipeline([], pipeline, {})).toThrow(expect.objectContaining({ code }));
  });

  test('$out and $merge are instructions', () => {
    expect(runPipeline([], [{ $out: 'x' }], {}).write).toEqual({ stage: '$out', database: null, collection: 'x' });
    expect(
      runPipeline([], [{ $merge: { into: { db: 'd', coll: 'c' }, on: 'k', whenMatched: 'keepExisting' } }], {}).write,
    ).toEqual({
      stage: '$merge',
      database: 'd',
      collection: 'c',
      on: ['k'],
      whenMatched: 'keepExisting',
      whenNotMatched: 'insert',
      variables: null,
    });
  });
});

describe('analyzePipeline', () => {
  const fields = (pipeline: Document[]): string[] | null => {
    const read = analyzePipeline(pipeline).fields;
    return read && [...read].sort();
  };

  test('takes leading stages for the planner', () => {
    expect(
      analyzePipeline([
        { $match: { a: 1 } },
        { $match: { b: 2 } },
        { $sort: { c: 1 } },
        { $skip: 5 },
        { $limit: 10 },
        { $unwind: '$x' },
      ]),
    ).toMatchObject({
      filter: { $and: [{ a: 1 }, { b: 2 }] },
      sort: { c: 1 },
      skip: 5,
      limit: 10,
      rest: [{ $unwind: '$x' }],
    });
    expect(analyzePipeline([{ $limit: 3 }, { $match: { a: 1 } }])).toMatchObject({
      filter: {},
      sort: null,
      limit: 3,
      rest: [{ $match: { a: 1 } }],
    });
    expect(analyzePipeline([{ $limit: 3 }, { $sort: { a: 1 } }])).toMatchObject({
      sort: null,
      limit: 3,
      rest: [{ $sort: { a: 1 } }],
    });
    expect(analyzePipeline([{ $limit: 3 }, { $skip: 1 }])).toMatchObject({ limit: 3, skip: 0, rest: [{ $skip: 1 }] });
  });

  test('knows the fields a pipeline reads', () => {
    expect(fields([{ $match: { a: 1 } }, { $group: { _id: '$b', n: { $sum: '$c.d' } } }])).toEqual(['a', 'b', 'c']);
    expect(fields([{ $match: { a: 1 } }, { $count: 'n' }])).toEqual(['a']);
    expect(fields([{ $project: { x: '$y', z: 1 } }])).toEqual(['_id', 'y', 'z']);
    expect(fields([{ $addFields: { x: '$y' } }, { $group: { _id: '$x' } }])).toEqual(['x', 'y']);
    expect(fields([{ $addFields: { 'p.q': '$y' } }, { $group: { _id: '$p.r' } }])).toEqual(['p', 'y']);
    expect(fields([{ $unwind: '$t' }, { $sortByCount: '$t' }])).toEqual(['t']);
    expect(fields([{ $lookup: { from: 'c', localField: 'l', foreignField: 'f', as: 'o' } }, { $count: 'n' }])).toEqual([
      'l',
      'o',
    ]);
    expect(fields([{ $facet: { a: [{ $count: 'n' }], b: [{ $group: { _id: '$k' } }] } }])).toEqual(['k']);
    expect(fields([{ $match: { a: 1 } }])).toBeNull();
    expect(fields([{ $unset: 'a' }, { $sort: { b: 1 } }])).toBeNull();
    expect(fields([{ $group: { _id: null, all: { $push: '$$ROOT' } } }])).toBeNull();
  });
});
