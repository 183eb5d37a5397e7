import { looksLikeMail, withoutEnvelopeLine } from './mail-check.js';

describe('looksLikeMail', () => {
  it.each([
    ['From: a@b.c\r\n\r\nHi', true],
    ['Received : by x', true],
    ['X-Custom-1: y', true],
    ['', false],
    ['\r\nSubject: too late', false],
    ['PK\u0003\u0004 zip: no', false],
    ['<html>: no', true], // a header name may hold these; the parser finds nothing in it and a person looks
    ['just text', false],
    [': no name', false],
  ])('%j is %s', (text, expected) => {
    expect(looksLikeMail(Buffer.from(text))).toBe(expected);
  });
});

describe('withoutEnvelopeLine', () => {
  it.each([
    ['From a@b.c Mon Jan  1 00:00:00 2026\nSubject: x\n', 'Subject: x\n'],
    ['\ufeffSubject: x\n', 'Subject: x\n'],
    ['From: a@b.c\n', 'From: a@b.c\n'],
  ])('%j', (text, expected) => {
    expect(withoutEnvelopeLine(Buffer.from(text)).toString()).toBe(expected);
  });
});
