import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

class Shortest {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(arguments[0] + "&metadata=body")).build();
        var body = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        var count = Pattern.compile("\"processedRows\":(\\d+)\\}\\}\\s*$").matcher(body);
        System.out.println(count.find() ? count.group(1) : "cut");
    }
}
