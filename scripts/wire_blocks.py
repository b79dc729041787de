"""Reads blocks, the binary form of rows that the end of Schema/wire/thuan.proto describes.

Written from that description alone, to tell whether it is enough. It reads strictly: whatever is
left over is a ValueError, and so is what is missing or unknown (or a LookupError).
"""

import datetime
import itertools
import pathlib
import struct
import uuid
from collections import namedtuple

Row = namedtuple("Row", "table kind columns key before after")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def check(condition, what):
    if not condition:
        raise ValueError(what)


class Reader:
    """Takes bytes from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        check(count <= len(self.data) - self.at, "the bytes end too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        byte = self.byte()
        value = byte if byte < 0x80 else byte & 0x7F | self.varint() << 7
        check(value < 2**64, "a varint is too large")
        return value

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def sized(self):
        return Reader(self.take(self.varint()))

    def end(self):
        check(self.at == len(self.data), "bytes are left over")


def sums(reader, count):
    """Numbers that are written as differences; they wrap around as signed 64-bit integers do."""
    last = 0
    for _ in range(count):
        last = (last + reader.zigzag() + 2**63) % 2**64 - 2**63
        yield last


def capital(word):
    """The word with its first letter made a capital, by the letter's bytes."""
    lead, place = word[0], 2 if word[0] == 0xE1 else 0 if word[0] < 0x80 else 1
    less = 0x20 if lead < 0x80 or lead == 0xC3 else 1 if lead == 0xC6 else word[place] & 1
    return word[:place] + bytes([word[place] - less]) + word[place + 1:]


KNOWN = (pathlib.Path(__file__).parent.parent / "Schema/wire/words.txt").read_bytes().split()


def read_words(reader):
    """A group of words: known ones by their distances in the list, and new ones."""
    known, new, line, words = reader.varint(), reader.varint(), -1, []
    for _ in range(known):
        line += 1 + reader.varint()
        words.append(KNOWN[line])
    return words + [reader.take(length) for length in reader.take(new)]


class Words:
    """The texts of a block, one after the other."""

    def __init__(self, reader):
        self.words = read_words(reader) + read_words(reader)
        self.spelled, self.seconds, self.codes = [reader.sized() for _ in range(3)]
        reader.end()
        # How many of the codes for words stand alone; the others take a second byte.
        self.alone = 184 - max(0, -(-(len(self.words) - 184) // 255))

    def text(self):
        """The next text."""
        text, before, is_capital = b"", "nothing", False
        while (code := self.codes.byte()) != 0x41:
            if code == 0x42:
                is_capital = True
            elif code == 0x45 or code >= 0x48:
                number = code - 0x48
                if code == 0x45:
                    head = self.spelled.byte()
                    word, is_capital = self.spelled.take(head & 0x1F), is_capital or head & 0x20
                elif number < self.alone:
                    word = self.words[number]
                else:
                    word = self.words[256 * number - 255 * self.alone + self.seconds.byte()]
                text += b" " if before != "nothing" else b""
                text += capital(word) if is_capital else word
                before, is_capital = "word", False
            elif 0x30 <= code <= 0x39:
                text += b" " if before == "word" else b""
                text, before = text + bytes([code]), "digit"
            else:
                more = {0x43: b". ", 0x44: b", ", 0x46: b""}.get(code, bytes([code]))
                text += more if code != 0x47 else bytes([self.spelled.byte()])
                before, is_capital = "nothing", is_capital or code == 0x43
        return text.decode()


def id_text(form, head, tail):
    """The text of an identifier: its head is a number, its tail ten bytes."""
    check(form in (1, 2, 3), "not an identifier's form")
    number = head << 80 | int.from_bytes(tail, "big")
    if form == 1:
        return "".join(CROCKFORD[number >> 5 * i & 31] for i in reversed(range(26)))
    return str(uuid.UUID(int=number)) if form == 2 else f"{number:032x}"


def time_text(form, number):
    """The text of a time, in days or milliseconds since 1970."""
    unit, length, end = {
        4: ("days", 10, ""), 5: ("milliseconds", 19, "Z"), 6: ("milliseconds", 23, "Z")}[form]
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(**{unit: number})
    return time.isoformat(timespec="milliseconds")[:length] + end


def read_ids(reader, count, ids):
    """A column of identifiers; `ids` has those of the columns before, and gets the new ones."""
    form, last, head = reader.byte(), 0, 0
    places, heads, tails = [reader.sized() for _ in range(3)]
    for _ in range(count):
        if (place := places.varint()) == 0:
            head += heads.zigzag()
            ids.append(id_text(form, head, tails.take(10)))
            yield ids[-1]
        else:
            last += place - 1 >> 1 ^ -(place - 1 & 1)
            check(0 <= last < len(ids), "no such identifier")
            yield ids[last]
    places.end(), heads.end(), tails.end()


def read_value(reader):
    """A field 1 of type Value."""
    check(reader.byte() == 0x0A, "not a Value")
    value = reader.sized()
    result = {
        0x10: value.zigzag, 0x19: lambda: struct.unpack("<d", value.take(8))[0],
        0x22: lambda: value.sized().data.decode(), 0x2A: lambda: value.sized().data,
    }[value.byte()]()
    value.end()
    return result


def read_values(reader, form, count, words, ids):
    """What a column's form says: the values that are not null."""
    if form == 2:
        return sums(reader, count)
    if form == 5:
        return read_ids(reader, count, ids)
    if form == 4:
        choices = [words.text() for _ in range(reader.varint())]
        return [choices[reader.varint()] for _ in range(count)]
    if form == 6:
        time_form = reader.byte()
        return [time_text(time_form, number) for number in sums(reader, count)]
    check(form in (0, 3) or (form, count) == (1, 0), "an unknown form of column")
    return [read_value(reader) if form == 0 else words.text() for _ in range(count)]


def read_column(reader, count, words, ids):
    """The values of a column, one for each of `count` rows."""
    form = reader.byte()
    nulls, is_null = [form == 1] * count if form < 0x80 else [], False
    while len(nulls) < count:
        nulls += [is_null] * reader.varint()
        is_null = not is_null
    check(len(nulls) == count, "the runs are longer than the column")
    values = list(read_values(reader, form & 0x7F, nulls.count(False), words, ids))
    reader.end()
    return [None if is_null else values.pop(0) for is_null in nulls]


def read_block(data):
    """The rows of a block; `before` and `after` are empty where a row's shape has none."""
    reader, ids, shapes, rows, counts = Reader(data), [], [], [], {}
    for _ in range(reader.varint()):
        table, head, keys = reader.varint(), reader.varint(), reader.varint()
        columns = [reader.varint() for _ in range(reader.varint())]
        parts = range(keys), columns * (head >> 1 & 1), columns * (head & 1)
        slots = [[(table, role, number) for number in part] for role, part in enumerate(parts)]
        shapes.append((table, head >> 2, columns, slots))
        counts.update((slot, 0) for part in slots for slot in part)
    indices, words = reader.sized(), Words(reader.sized())
    while indices.at < len(indices.data):
        rows.append(shapes[indices.varint()])
        for slot in itertools.chain(*rows[-1][-1]):
            counts[slot] += 1
    values = {slot: read_column(reader.sized(), n, words, ids) for slot, n in counts.items()}
    reader.end(), words.spelled.end(), words.seconds.end(), words.codes.end()
    return [
        Row(*shape, *[[values[slot].pop(0) for slot in part] for part in slots])
        for *shape, slots in rows]
