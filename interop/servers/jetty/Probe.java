import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** What the shortest program lacks: a digest, a servlet that fails, the trailers of a request, and a mistake. */
public class Probe extends HttpServlet {
    private static final byte[] CONTENT = "hello\n".getBytes(StandardCharsets.UTF_8);

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getRequestURI()) {
            case "/trailers":
                send(response);
                break;
            case "/announced":
                response.setHeader("Trailer", "Content-Digest, X-Sum");
                send(response);
                break;
            case "/length":
                response.setHeader("Trailer", "Content-Digest, X-Sum");
                response.setContentLength(CONTENT.length);
                send(response);
                break;
            case "/dies":
                response.setTrailerFields(Map::of);
                response.setHeader("Trailer", "X-Sum");
                response.getOutputStream().write(new byte[4096]);
                response.flushBuffer();
                throw new IllegalStateException("the servlet fails");
            case "/inspect":
                request.getInputStream().readAllBytes();
                for (Map.Entry<String, String> field : request.getTrailerFields().entrySet()) {
                    response.getWriter().println(field.getKey() + ": " + field.getValue());
                }
                break;
            default:
                response.sendError(HttpServletResponse.SC_NOT_FOUND);
        }
    }

    private static void send(HttpServletResponse response) throws IOException {
        Map<String, String> trailers = new LinkedHashMap<>();
        response.setTrailerFields(() -> trailers);
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
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(new ServletHolder(new Probe()), "/");
        server.setHandler(context);
        server.start();
    }
}
