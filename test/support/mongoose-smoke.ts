type Mongoose = typeof import('mongoose');

/** What an application does with mongoose, through one of its major versions. */
export async function smokeMongoose(mongoose: Mongoose, uri: string): Promise<void> {
  const connection = await mongoose
    .createConnection(uri, { dbName: `mongoose_${process.pid}_${Date.now()}` })
    .asPromise();
  try {
    const author = new mongoose.Schema({ name: { type: String, unique: true }, born: Date });
    const book = new mongoose.Schema(
      {
        title: { type: String, required: true },
        author: { type: mongoose.Schema.Types.ObjectId, ref: 'Author' },
        price: mongoose.Schema.Types.Decimal128,
        tags: [String],
      },
      { timestamps: true, optimisticConcurrency: true },
    );
    book.index({ title: 'text' });
    const Author = connection.model('Author', author);
    const Book = connection.model('Book', book);
    await Promise.all([Author.init(), Book.init()]);

    const le = await Author.create({ name: 'Le Guin', born: new Date('1929-10-21') });
    await expect(Author.create({ name: 'Le Guin' })).rejects.toMatchObject({ code: 11000 });
    const first = await Book.create({ title: 'The Dispossessed', author: le._id, price: '9.90', tags: ['sf'] });
    expect(await Book.findById(first._id).populate('author').lean()).toMatchObject({ author: { name: 'Le Guin' } });
    first.tags.push('utopia');
    await first.save();
    expect(await Book.findOne({ $text: { $search: 'dispossessed' } })).toMatchObject({ tags: ['sf', 'utopia'] });
    const stale = await Book.findById(first._id).orFail();
    first.title = 'A';
    await first.save();
    stale.title = 'B';
    await expect(stale.save()).rejects.toThrow(/version/i);

    await connection.transaction(async (session) => {
      await Author.updateOne({ _id: le._id }, { $set: { name: 'Ursula K. Le Guin' } }, { session });
      await Book.create([{ title: 'Lavinia', author: le._id }], { session });
    });
    const joined = await Author.aggregate<{ books: unknown[] }>([
      { $lookup: { from: 'books', localField: '_id', foreignField: 'author', as: 'books' } },
    ]);
    expect(joined[0]?.books).toHaveLength(2);
    expect(
      await Book.findOneAndUpdate({ title: 'Lavinia' }, { title: 'L' }, { returnDocument: 'after' }),
    ).toMatchObject({
      title: 'L',
    });
    let cursored = 0;
    for await (const each of Book.find().cursor()) cursored += each.title.length;
    expect(cursored).toBe(2);
    expect(await Book.syncIndexes()).toEqual([]);
    expect(await Book.deleteMany({})).toMatchObject({ deletedCount: 2 });
    await connection.dropDatabase();
  } finally {
    await connection.close();
  }
}
