#!/bin/sh
# Gets the real Kafka 3.9 server for the tests of its sink, as jars from Maven Central (there is no Debian package).
# Nothing of it enters the repository: FORESCALE_KAFKA (default ~/.cache/forescale/kafka) holds 46 MB of them. Needs
# Maven, and Java 17 to run it.
set -eu

here="${FORESCALE_KAFKA:-$HOME/.cache/forescale/kafka}"
version=3.9.1

if [ -f "$here/libs/kafka_2.13-$version.jar" ]; then echo "$here/libs"; exit 0; fi
mkdir -p "$here"
cd "$here"
cat >pom.xml <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example.test</groupId><artifactId>kafka-server</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory="$here/libs"
echo "$here/libs"
