import { addressForms } from './mailbox-directory.service.js';

describe('addressForms', () => {
  it.each([
    ['Support@Example.org', ['support@example.org']],
    ['support+tag@example.org', ['support+tag@example.org', 'support@example.org']],
    ['support+a+b@example.org', ['support+a+b@example.org', 'support@example.org']],
    ['+tag@example.org', ['+tag@example.org']],
    ['support@ex+ample.org', ['support@ex+ample.org']],
    ['support', ['support']],
  ])('%s', (recipient, forms) => {
    expect(addressForms(recipient)).toEqual(forms);
  });
});
