import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.AbstractHandler;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** What the shortest program lacks: a digest, a handler that fails, the trailers of a request, and mistakes. */
public class Probe extends AbstractHandler {
    private static final byte[] CONTENT = "hello\n".getBytes(StandardCharsets.UTF_8);

    @Override
    public void handle(String target, Request base, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        base.setHandled(true);
        switch (target) {
            case "/trailers":
                send(base, response);
                break;
            case "/announced":
                response.setHeader("Trailer", "Content-Digest, X-Sum");
                send(base, response);
                break;
            case "/length":
                response.setHeader("Trailer", "Content-Digest, X-Sum");
                response.setContentLength(CONTENT.length);
                send(base, response);
                break;
            case "/servlet4":
                response.setHeader("Trailer", "X-Sum");
                response.setTrailerFields(() -> Map.of("X-Sum", "1"));
                response.getOutputStream().write(CONTENT);
                break;
            case "/dies":
                base.getResponse().setTrailers(HttpFields::new);
                response.setHeader("Trailer", "X-Sum");
                response.getOutputStream().write(new byte[4096]);
                response.flushBuffer();
                throw new IllegalStateException("the handler fails");
            case "/inspect":
                request.getInputStream().readAllBytes();
                HttpFields trailers = base.getTrailers();
                if (trailers != null) {
                    for (HttpField field : trailers) {
                        response.getWriter().println(field.getLowerCaseName() + ": " + field.getValue());
                    }
                }
                break;
            default:
                response.sendError(HttpServletResponse.SC_NOT_FOUND);
        }
    }

    private static void send(Request base, HttpServletResponse response) throws IOException {
        HttpFields trailers = new HttpFields();
        base.getResponse().setTrailers(() -> trailers);
        response.getOutputStream().write(CONTENT);
        trailers.put("Content-Digest", "sha-256=:" + Base64.getEncoder().encodeToString(sha256(CONTENT)) + ":");
        trailers.put("X-Sum", "1");
    }

    private static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    public static void main(String[] arguments) throws Exception {
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setKeyStorePath("server.p12");
        tls.setKeyStorePassword("password");
        HttpConfiguration https = new HttpConfiguration();
        https.addCustomizer(new SecureRequestCustomizer());
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server,
                new SslConnectionFactory(tls, "alpn"),
                new ALPNServerConnectionFactory("h2", "http/1.1"),
                new HTTP2ServerConnectionFactory(https),
                new HttpConnectionFactory(https));
        connector.setHost("localhost");
        connector.setPort(8443);
        server.addConnector(connector);
        server.setHandler(new Probe());
        server.start();
    }
}
