import { quantize, trainTextClassifier } from './text-classifier.js';

const examples = [
  { text: 'the invoice is wrong', label: 'billing' },
  { text: 'send me the invoice again', label: 'billing' },
  { text: 'refund the payment', label: 'billing' },
  { text: 'the printer is broken', label: 'support' },
  { text: 'my printer prints nothing', label: 'support' },
  { text: 'the screen stays black', label: 'support' },
];

const predict = (model: ReturnType<typeof trainTextClassifier>, text: string): string | null => {
  const logits = model.logits(text);
  return logits && model.labels[logits.indexOf(Math.max(...logits))]!;
};

describe('trainTextClassifier', () => {
  const model = trainTextClassifier(examples);

  it.each([
    ['a question about my invoice', 'billing'],
    ['both printers stopped', 'support'],
    ['INVOIZE payment', 'billing'], // n-grams survive the typo
  ])('classifies %j as %s', (text, label) => {
    expect(predict(model, text)).toBe(label);
  });

  it('says nothing about a text without a known feature', () => {
    expect(model.logits('日本語')).toBeNull();
  });

  it('names the words that speak for the label and for no other', () => {
    expect(model.evidence('the invoice is wrong, the printer too', 'billing', 1)).toEqual(['invoice']);
  });

  it('has no evidence for a label it was not trained with', () => {
    expect(model.evidence('the invoice', 'sales', 3)).toEqual([]);
  });

  it('can be overruled by an example of more weight', () => {
    const taught = trainTextClassifier([...examples, { text: 'the invoice is wrong', label: 'support', weight: 20 }]);

    expect(predict(taught, 'the invoice is wrong')).toBe('support');
  });
});

describe('quantize', () => {
  it('keeps every weight within half a unit of its class', () => {
    const weights = Float32Array.of(0.5, -3, -0.123, 0.01, 0.499, 1.7);
    const { weights: quantized, scales } = quantize({ weights, bias: Float32Array.of(0, 0) });

    weights.forEach((weight, position) => {
      const scale = scales[position % 2]!;
      expect(Math.abs(quantized[position]! * scale - weight)).toBeLessThanOrEqual(scale / 2 + 1e-7);
    });
  });

  it('survives a class without weights', () => {
    const { weights, scales } = quantize({ weights: Float32Array.of(1, 0), bias: Float32Array.of(0, 0) });

    expect([...weights]).toEqual([127, 0]);
    expect(scales[1]).toBe(0);
  });
});
