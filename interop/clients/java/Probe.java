import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One exchange with the JDK's HttpClient. */
class Probe {
    public static void main(String[] arguments) throws Exception {
        String url = arguments[0];
        List<String> options = Arrays.asList(arguments).subList(2, arguments.length);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        Integer status = null;
        String error = null;
        String trailers = "";
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
            if (options.contains("--te")) {
                request.header("TE", "trailers");
            }
            if (options.contains("--trailer")) {
                // The closest it gets to a trailer: an announcement, and content of unknown length.
                request.header("Trailer", "x-sum");
                request.POST(HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofString("hello")));
            }
            HttpClient client = HttpClient.newBuilder()
                .version(arguments[1].equals("HTTP/2") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
                .build();
            HttpResponse<InputStream> response =
                client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            status = response.statusCode();
            HttpHeaders before = response.headers();
            try (InputStream body = response.body()) {
                body.transferTo(content);
            }
            // Trailers could only be among the header fields.
            trailers = response.headers().map().entrySet().stream()
                .filter(field -> !before.map().containsKey(field.getKey()))
                .map(field -> "[" + quoted(field.getKey()) + "," + quoted(field.getValue().get(0)) + "]")
                .collect(Collectors.joining(","));
        } catch (IOException | IllegalArgumentException failure) {
            error = failure.getClass().getSimpleName();
        }
        byte[] bytes = content.toByteArray();
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
        String text = new String(bytes, 0, Math.min(bytes.length, 4096), StandardCharsets.UTF_8);
        String names = Stream
            .of(HttpClient.Builder.class, HttpRequest.Builder.class, HttpRequest.BodyPublishers.class,
                HttpRequest.class, HttpResponse.class, HttpResponse.BodyHandlers.class,
                HttpResponse.BodySubscribers.class, HttpResponse.ResponseInfo.class)
            .flatMap(owner -> Arrays.stream(owner.getMethods()))
            .filter(method -> method.getName().toLowerCase().contains("trail"))
            .map(method -> quoted(method.getDeclaringClass().getSimpleName() + "." + method.getName()))
            .distinct().sorted().collect(Collectors.joining(","));
        System.out.println("{\"status\":" + status
            + ",\"length\":" + bytes.length
            + ",\"sha256\":" + quoted(Base64.getEncoder().encodeToString(digest))
            + ",\"text\":" + quoted(text)
            + ",\"trailers\":[" + trailers + "]"
            + ",\"error\":" + (error == null ? "null" : quoted(error))
            + ",\"names\":[" + names + "]}");
    }

    private static String quoted(String text) {
        String escaped = text.codePoints()
            .mapToObj(c -> c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : Character.toString(c))
            .collect(Collectors.joining());
        return '"' + escaped + '"';
    }
}
