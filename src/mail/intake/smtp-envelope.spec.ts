import { countHops, traceHeaders } from './smtp-envelope.js';

describe('traceHeaders', () => {
  const now = new Date('2026-11-22T10:00:00Z');
  const trace = {
    mailFrom: 'ada@customer.example',
    helo: 'mx.customer.example',
    remoteAddress: '192.0.2.1',
    protocol: 'ESMTP',
    sessionId: 'abc123',
  };

  it('writes Return-Path and Received', () => {
    expect(traceHeaders(trace, now).toString()).toBe(
      'Return-Path: <ada@customer.example>\r\n' +
        'Received: from mx.customer.example ([192.0.2.1])\r\n' +
        '\tby mailwright with ESMTP id abc123; Sun, 22 Nov 2026 10:00:00 +0000\r\n',
    );
  });

  it('marks bounces by an empty Return-Path', () => {
    expect(traceHeaders({ ...trace, mailFrom: '' }, now).toString()).toMatch(/^Return-Path: <>\r\n/);
  });

  it('lets nobody write header lines of his own', () => {
    const evil = { ...trace, mailFrom: 'a>\r\nX-Evil: 1@b.c', helo: 'x\r\nX-Evil: 2 (comment' };
    const lines = traceHeaders(evil, now).toString().trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('Return-Path: <aX-Evil:1@b.c>');
  });
});

describe('countHops', () => {
  it('counts Received lines of the header only', () => {
    const hops = 'Received: by a\r\nreceived: by b\r\nX: y\r\n z\r\n\r\nReceived: in the body\r\n';
    expect(countHops(Buffer.from(hops))).toBe(2);
    expect(countHops(Buffer.from('Subject: x'))).toBe(0);
  });
});
