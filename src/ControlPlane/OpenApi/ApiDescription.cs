using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.OpenApi;

/// <summary><c>/openapi/v1.json</c>: what the framework finds in the endpoints, plus what it cannot see.</summary>
internal static class ApiDescription
{
    private const string Bearer = "operator_token";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        // An Optional<T> is, on the wire, a T that may be left out.
        options.CreateSchemaReferenceId = type => IsOptional(type.Type) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddSchemaTransformer(UnwrapOptionalAsync);
        options.AddDocumentTransformer((document, _, _) => DescribeDocument(document));
        options.AddOperationTransformer((operation, context, _) => DescribeOperation(operation, context));
    });

    private static Task DescribeDocument(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Trinity control plane",
            Version = "v1",
            Description = "Providers, credentials and virtual keys of the AI bridge; proof of rotation; usage and audit. Errors are RFC 9457 problem details with `errors` per field.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An operator token (tro_…). Role viewer may read, role admin may do everything.",
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
        return Task.CompletedTask;
    }

    private static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<QueryParameter>())
        {
            operation.Parameters.Add(Parameter(parameter.Name, ParameterLocation.Query, parameter.Description));
        }

        if (metadata.OfType<WriteMetadata>().Any())
        {
            operation.Parameters.Add(Parameter("wait", ParameterLocation.Query, "`applied`: answer once all live bridge replicas serve the change."));
            operation.Parameters.Add(Parameter("timeout", ParameterLocation.Query, "How long to wait, 1s to 60s; 10s unless told. The change stays, whatever the wait's end."));
        }

        if (metadata.OfType<ConditionalMetadata>().Any())
        {
            operation.Parameters.Add(Parameter("If-Match", ParameterLocation.Header, "The ETag that was read; 412 when the resource changed since."));
        }

        AddProblems(operation, metadata);
        Examples.AddTo(operation);
        return Task.CompletedTask;
    }

    private static void AddProblems(OpenApiOperation operation, IList<object> metadata)
    {
        operation.Responses ??= [];
        operation.Responses.TryAdd("400", new OpenApiResponse { Description = "Bad request; `errors` lists what is wrong with which field." });
        operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No valid operator token." });
        operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The operator's role does not allow this." });
        if (operation.Parameters?.Any(parameter => parameter.In == ParameterLocation.Path) == true)
        {
            operation.Responses.TryAdd("404", new OpenApiResponse { Description = "There is no such resource." });
        }

        if (metadata.OfType<WriteMetadata>().Any())
        {
            operation.Responses.TryAdd("409", new OpenApiResponse { Description = "It conflicts with what is there." });
        }

        if (metadata.OfType<ConditionalMetadata>().Any())
        {
            operation.Responses.TryAdd("412", new OpenApiResponse { Description = "The resource changed since it was read." });
        }
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation location, string description) =>
        new() { Name = name, In = location, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static bool IsOptional(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>);

    private static async Task UnwrapOptionalAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (!IsOptional(context.JsonTypeInfo.Type))
        {
            return;
        }

        var inner = await context.GetOrCreateSchemaAsync(context.JsonTypeInfo.Type.GetGenericArguments()[0], parameterDescription: null, cancellationToken);
        schema.Type = inner.Type | JsonSchemaType.Null;
        schema.Format = inner.Format;
        schema.Pattern = inner.Pattern;
        schema.Items = inner.Items;
        schema.Properties = inner.Properties;
        schema.AdditionalProperties = inner.AdditionalProperties;
        schema.Required = null;
    }
}
