# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by openssl: an authority, and what it has signed."""

import subprocess


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-newkey", "rsa:2048")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """An authority in a folder; `file` is what clients are to trust."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "ca.crt"
        openssl(
            *("req", "-x509", *EC, "-nodes", "-days", "2", "-subj", "/CN=authority"),
            *("-keyout", folder / "ca.key", "-out", self.file),
        )

    def sign(self, name, *alternatives, days=2, kind=EC):
        """An entry of tls.certificates for these names; an older one of `name` is replaced."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=" + ",".join(alternatives) + "\n")
        openssl(
            *("req", *kind, "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request),
        )
        openssl(
            *("x509", "-req", "-in", request, "-days", days, "-extfile", extensions),
            *("-CA", self.file, "-CAkey", self.folder / "ca.key", "-CAcreateserial"),
            *("-out", certificate),
        )
        return {"certificate": str(certificate), "key": str(key)}
