#!/bin/sh
# A certificate authority and one certificate for these hosts, into the current folder.
#   sh tls.sh grader.example.org node1.example.org node2.example.org
# Copy ca.pem, host.pem and host.key to /etc/autograder/tls/ on each of them (host.key mode 0600).
set -eu
test $# -gt 0 || { echo "usage: sh tls.sh HOST..." >&2; exit 2; }
names=$(printf 'DNS:%s,' "$@")
openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj "/CN=autograder CA" \
    -keyout ca.key -out ca.pem
openssl req -newkey rsa:3072 -nodes -subj "/CN=$1" -keyout host.key -out host.csr
printf 'subjectAltName=%s\n' "${names%,}" > host.ext
openssl x509 -req -days 365 -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -extfile host.ext -out host.pem
rm -f host.csr host.ext ca.srl
chmod 600 ca.key host.key
