"""Runs in tantivy's own environment: indexes words that were cut for it, and times its questions.

Reads JSON lines from the file named first: each record's words; from the file named second the questions by
class, each as lists of phrases.  Writes the milliseconds of each class as JSON.
"""

import json
import sys
import tempfile
import time

import tantivy


def main() -> None:
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("id", stored=True, indexed=True)
    schema.add_text_field("words", tokenizer_name="whitespace", index_option="position")
    with tempfile.TemporaryDirectory() as folder:
        index = tantivy.Index(schema.build(), path=folder)
        writer = index.writer(heap_size=256_000_000, num_threads=1)
        with open(sys.argv[1], encoding="utf-8") as lines:
            for line in lines:
                number, words = json.loads(line)
                writer.add_document(tantivy.Document(id=number, words=words))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        searcher = index.searcher()
        with open(sys.argv[2], encoding="utf-8") as file:
            classes = json.load(file)
        found = {
            name: [best(index, searcher, phrases) for phrases in questions]
            for name, questions in classes.items()
        }
    json.dump(found, sys.stdout)


def best(index, searcher, phrases: list[list[str]]) -> tuple[float, int]:
    """Milliseconds of the thread for the numbers of the best twenty and an exact count, and that count."""
    parts = [
        (
            tantivy.Occur.Must,
            tantivy.Query.phrase_query(index.schema, "words", words)
            if len(words) > 1
            else tantivy.Query.term_query(index.schema, "words", words[0]),
        )
        for words in phrases
    ]
    query = tantivy.Query.boolean_query(parts)
    spent = []
    for _ in range(5):
        began = time.thread_time()
        found = searcher.search(query, limit=20, count=True)
        count, _ = found.count, [searcher.doc(address)["id"] for _, address in found.hits]
        spent.append(time.thread_time() - began)
    return min(spent) * 1000, count


if __name__ == "__main__":
    main()
