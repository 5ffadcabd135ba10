"""The parts of a Markdown file that can be checked: fenced blocks with the marker before them, links, headings."""
import dataclasses
import os
import re
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
FENCE = re.compile(r"^( *)(`{3,}|~{3,})([^\n`]*)$")
MARKER = re.compile(r"^<!-- (run|part)(?:: (.*?))? -->$")


@dataclasses.dataclass
class Block:
    file: str
    line: int
    language: str
    text: str
    marker: str = ""    # "run", "part" or ""
    argument: str = ""  # what stands behind the marker's colon

    def where(self):
        return f"{self.file}:{self.line}"


def files():
    """All Markdown files of the checkout, those included that are not committed yet."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    return sorted(name for name in set(listed) if os.path.exists(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(name, text):
    """Every fenced block; one that is not closed ends with the file, as Markdown has it."""
    found, fence, marker = [], None, ("", "")
    for number, line in enumerate(text.split("\n"), 1):
        if fence is not None:
            if re.fullmatch(rf" *{re.escape(fence[1])}{fence[1][0]}* *", line):
                fence = None
            else:
                found[-1].text += line[len(fence[0]):] + "\n" if line.startswith(fence[0]) else line.lstrip(" ") + "\n"
            continue
        if match := FENCE.match(line):
            fence = (match.group(1), match.group(2))
            found.append(Block(name, number, match.group(3).strip(), "", *marker))
            marker = ("", "")
        elif match := MARKER.match(line):
            marker = (match.group(1), match.group(2) or "")
        elif line.strip():
            marker = ("", "")
    return found


def without_blocks(text):
    return re.sub(r"^( *)(`{3,}|~{3,})[^\n]*\n.*?(^\1\2`* *$|\Z)", "", text, flags=re.S | re.M)


def inline_code(text):
    """Code between back-ticks, outside of blocks. In tables \\| stands for |."""
    return [match.group(2).replace("\\|", "|") for match in re.finditer(r"(?<!`)(`{1,2})([^`\n]+)\1(?!`)", without_blocks(text))]


def links(text):
    """(text, target) of every link and picture, outside of blocks and code."""
    plain = re.sub(r"(?<!`)(`{1,2})[^`\n]+\1(?!`)", "``", without_blocks(text))
    return re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", plain)


def headings(text):
    """(level, text) of every heading, outside of blocks."""
    return [(len(marks), title.strip()) for marks, title in re.findall(r"^(#{1,6}) +(.*)$", without_blocks(text), re.M)]


def anchors(text):
    """The names under which a link can reach the headings, as GitHub makes them."""
    names = set()
    for _, title in headings(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        name = base = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.add(name)
    return names


def tables(text):
    """Rows of cells by the heading that stands above them; heads and rules of tables left out."""
    found, title, before = {}, "", ""
    for line in text.split("\n"):
        if match := re.match(r"^#{1,6} +(.*)$", line):
            title = match.group(1).strip()
        elif line.startswith("|") and before.startswith("|") and not re.fullmatch(r"[|\- :]+", line):
            found.setdefault(title, []).append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        before = line
    return found
