"""What stands around the evaluator: an exporter, a Prometheus that scrapes it, a proxy that asks for a token."""

import http.client
import http.server
import json
import pathlib
import shutil
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request


def serve(handler, tls=None):
    """A server on a free port of the loopback, in a thread that dies with the program."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Exporter:
    """One gauge for each revision, as a gateway would tell it."""

    def __init__(self):
        self.ratios = {}
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = "# TYPE answered_ratio gauge\n" + "".join(
                    f'answered_ratio{{revision="{revision}"}} {ratio}\n' for revision, ratio in exporter.ratios.items())
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.port = serve(Handler).server_port


class Prometheus:
    def __init__(self, folder, exporter):
        program = shutil.which("prometheus")
        if program is None:
            raise RuntimeError("found no prometheus in PATH, allowed the one of Debian's package prometheus")
        folder = pathlib.Path(folder)
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
            f"scrape_configs: [{{job_name: bot, static_configs: [{{targets: ['127.0.0.1:{exporter.port}']}}]}}]\n")
        self.log = (folder / "prometheus.log").open("w")
        with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as probe:
            self.port = probe.server_port
        self.process = subprocess.Popen(
            [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.port}"

    def value(self, query):
        """The first value that the query gives, or None."""
        form = urllib.parse.urlencode({"query": query}).encode()
        try:
            with urllib.request.urlopen(self.url + "/api/v1/query", form, timeout=5) as answer:
                result = json.load(answer)["data"]["result"]
        except (OSError, http.client.HTTPException):
            return None
        return float(result[0]["value"][1]) if result else None

    def wait_for(self, query, value, limit=60):
        end = time.monotonic() + limit
        while self.value(query) != value:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"Prometheus does not say {value} to {query} within {limit} s: {self.log.name}")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def proxy(prometheus, token, tls=None, reads_alone=False):
    """Lets requests with the token through; one that is refused is told its own token again."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def pass_on(self, body):
            told = self.headers.get("authorization", "")
            if token is not None and told != f"Bearer {token}":
                return self.answer(401, f"found {told}".encode())
            upstream = http.client.HTTPConnection("127.0.0.1", prometheus.port)
            kind = {"content-type": self.headers["content-type"]} if body is not None else {}
            upstream.request(self.command, self.path.removeprefix("/prom"), body, kind)
            answer = upstream.getresponse()
            status, body = answer.status, answer.read()
            upstream.close()
            return self.answer(status, body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            return self.answer(405, b"") if reads_alone else self.pass_on(body)

        def do_GET(self):
            return self.pass_on(None)

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return serve(Handler, tls).server_port


def authority(folder, name):
    """A certificate for 127.0.0.1 that is its own authority: its path and the server's side of it."""
    certificate, key = pathlib.Path(folder) / f"{name}.crt", pathlib.Path(folder) / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return certificate, tls
