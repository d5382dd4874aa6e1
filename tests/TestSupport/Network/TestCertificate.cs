using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Trinity.TestSupport.Network;

/// <summary>A certificate for 127.0.0.1 that nobody signed, and a file that makes a process of the tests trust it.</summary>
public sealed class TestCertificate : IDisposable
{
    /// <summary>OpenSSL's name for the file of trusted certificates; .NET goes by it at the start of a process.</summary>
    public const string TrustVariable = "SSL_CERT_FILE";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("trinity-tls-");

    private TestCertificate(X509Certificate2 certificate)
    {
        Certificate = certificate;
        File = Path.Combine(_folder.FullName, "trusted.pem");
        System.IO.File.WriteAllText(File, certificate.ExportCertificatePem());
    }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>For <see cref="TrustVariable"/>: without the key.</summary>
    public string File { get; }

    /// <summary>Valid from yesterday until tomorrow.</summary>
    public static TestCertificate Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return new TestCertificate(request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1)));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _folder.Delete(recursive: true);
    }
}
