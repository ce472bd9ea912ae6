# Runs Traffic Server in a folder, with Debian's configuration and the lines of {file}, in which a comment names the file of
# the lines below it.
set -e
cp -r /etc/trafficserver etc
awk '/^# [a-z_]+\.config$/ { file = "etc/" $2; next } { print >> file }' {file}
cp cert.pem key.pem etc
chmod a+r etc/*.pem
echo state 256M > etc/storage.config
cat >> etc/records.config <<END
CONFIG proxy.config.ssl.server.cert.path STRING etc
CONFIG proxy.config.ssl.server.private_key.path STRING etc
CONFIG proxy.config.ssl.client.CA.cert.path STRING etc
CONFIG proxy.config.ssl.client.CA.cert.filename STRING cert.pem
CONFIG proxy.config.ssl.client.verify.server.policy STRING ENFORCED
CONFIG proxy.config.ssl.client.sni_policy STRING @localhost
END
cat > runroot.yaml <<END
prefix: .
exec_prefix: .
bindir: /usr/bin
sbindir: /usr/bin
libexecdir: /usr/lib/trafficserver/modules
sysconfdir: etc
datadir: state
localstatedir: state
runtimedir: state
logdir: state
cachedir: state
END
install -d -o trafficserver state
exec traffic_server --run-root=.
