"""What people see: plain lines that stay, and one live line on a terminal. Elsewhere a live line is printed when it changes."""
import shutil
import sys
import time
import unicodedata

def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text, columns):
    used, kept = 0, []
    for c in text:
        used += width(c)
        if used > columns:
            return "".join(kept[:-1]) + "…"
        kept.append(c)
    return text


def pad(text, columns):
    text = cut(text, columns)
    return text + " " * (columns - width(text))


class Screen:
    def __init__(self, out=None):
        self.out = out or sys.stdout
        self.terminal = self.out.isatty()
        self.began = time.monotonic()
        self._live = ""
        self._told = ""

    def line(self, text=""):
        """A line that stays."""
        if self._live:
            self.out.write("\r\033[K")
            self._live = ""
        self.out.write(text + "\n")
        self.out.flush()

    def heading(self, text):
        self.line()
        self.line(f"\033[1m{text}\033[0m" if self.terminal else text)

    def live(self, text, detail=""):
        """What is waited for now: `text`, and on a terminal also `detail` (counts, seconds), which may change often."""
        if self.terminal:
            shown = cut(f"  … {text}{'   ' + detail if detail else ''}", shutil.get_terminal_size().columns - 1)
            if shown != self._live:
                self.out.write("\r\033[K" + shown)
                self.out.flush()
                self._live = shown
        elif text != self._told:
            self._told = text
            self.line(f"  … {text}")

    def table(self, rows):
        """Rows of texts, the first one a heading; columns as wide as needed."""
        widths = [max(width(str(row[i])) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            self.line("  " + "  ".join(pad(str(cell), widths[i]) for i, cell in enumerate(row)).rstrip())
